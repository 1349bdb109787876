"""What the cluster gives each node; nothing here reaches a component, so the cache does not know it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from schema.settings import Settings

Cpu = Annotated[str, Field(pattern=r"^\d+(\.\d+)?m?$")]
Memory = Annotated[str, Field(pattern=r"^\d+(\.\d+)?(K|M|G|T|Ki|Mi|Gi|Ti)$")]
Name = Annotated[str, Field(pattern=r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$")]


class NodeResources(Settings):
    """What the pod of a node gets."""

    cpu: Cpu = "1"
    """Cores that a pod requests, such as `2` or `500m`; it may use more where there are more."""
    memory: Memory = "4G"
    """Memory that a pod requests and may not exceed."""
    gpu: Annotated[int, Field(ge=0)] = 0
    """Number of accelerators."""
    gpu_type: str = "nvidia.com/gpu"
    """Resource name of the accelerators."""
    node_selector: dict[str, str] = {}
    """Labels of the machines on which a pod may run."""
    retries: Annotated[int, Field(ge=0, le=10)] = 2
    """How often a node is tried again after its pod failed or was lost."""
    timeout_seconds: Annotated[int, Field(ge=0)] = 0
    """After which a pod is stopped; 0: never."""
    workers: Annotated[int, Field(ge=1, le=64)] = 1
    """Pods that train a model together; of trainers whose `distribution` is `multi_worker`."""


class KubeflowSettings(Settings):
    """The cluster, as `towerline compile kubeflow` writes it down."""

    defaults: NodeResources = NodeResources()
    """For every node."""
    nodes: dict[str, NodeResources] = {}
    """Node id (or `plan`, `outcome`) -> keys of `kubeflow.defaults` that are different for it."""
    volume_claim: Name = "towerline"
    """PersistentVolumeClaim that holds the pipeline root; every pod mounts it."""
    mount_path: str | None = None
    """Where it is mounted; default: at the pipeline root."""
    secret: Name = "towerline"
    """Kubernetes secret with the optional keys `source-password` and `metadata-password`."""
    user: Annotated[int, Field(ge=1)] | None = 10001
    """User and group of every container, which is told not to run as root; `null` for Kubeflow Pipelines
    before 2.16, which does not know the key and leaves it to the image."""
    image_pull_policy: Literal["Always", "IfNotPresent", "Never"] = "IfNotPresent"
    """When the image is pulled."""

    def resources(self, node: str) -> NodeResources:
        """What the pod of a node gets: the defaults, and what was set for the node."""
        own = self.nodes.get(node)
        return self.defaults.model_copy(update=own.model_dump(exclude_unset=True)) if own else self.defaults
