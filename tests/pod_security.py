"""The rules of Pod Security `restricted`, Kubernetes 1.34, for the fields that a pod can have here.

From https://kubernetes.io/docs/concepts/security/pod-security-standards/: all of `baseline` but for sysctls,
AppArmor, SELinux, Windows and the masks of /proc, which may not be set here at all, and all of `restricted`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

_VOLUMES = {
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "persistentVolumeClaim",
    "projected",
    "secret",
}
_SECCOMP = {"RuntimeDefault", "Localhost"}
_NOT_HERE = {"sysctls", "appArmorProfile", "seLinuxOptions", "windowsOptions", "procMount"}


def violations(pod: Mapping[str, Any]) -> list[str]:
    """What admission would say of the spec of a pod, a line for each rule that a container breaks."""
    return [
        *_of_pod(pod),
        *(line for container in _containers(pod) for line in _of_container(container, pod)),
    ]


def _containers(pod: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [container for key in ("initContainers", "containers") for container in pod.get(key, [])]


def _of_pod(pod: Mapping[str, Any]) -> Iterator[str]:
    for key in ("hostNetwork", "hostPID", "hostIPC"):
        if pod.get(key):
            yield key
    for volume in pod.get("volumes", []):
        for kind in set(volume) - {"name"} - _VOLUMES:
            yield f"volume of type {kind}"
    for key in _NOT_HERE & set(pod.get("securityContext", {})):
        yield key
    if pod.get("securityContext", {}).get("runAsUser") == 0:
        yield "runAsUser is 0"


def _of_container(container: Mapping[str, Any], pod: Mapping[str, Any]) -> Iterator[str]:
    own = container.get("securityContext", {})
    both = {**pod.get("securityContext", {}), **own}
    name = container["name"]
    for key in _NOT_HERE & set(own):
        yield f"{name}: {key}"
    if own.get("privileged"):
        yield f"{name}: privileged"
    if any(port.get("hostPort") for port in container.get("ports", [])):
        yield f"{name}: hostPort"
    if own.get("allowPrivilegeEscalation") is not False:
        yield f"{name}: allowPrivilegeEscalation is not false"
    if both.get("runAsNonRoot") is not True:
        yield f"{name}: runAsNonRoot is not true"
    if own.get("runAsUser") == 0:
        yield f"{name}: runAsUser is 0"
    if both.get("seccompProfile", {}).get("type") not in _SECCOMP:
        yield f"{name}: seccompProfile is not RuntimeDefault or Localhost"
    capabilities = own.get("capabilities", {})
    if "ALL" not in capabilities.get("drop", []):
        yield f"{name}: capabilities are not dropped"
    for capability in set(capabilities.get("add", [])) - {"NET_BIND_SERVICE"}:
        yield f"{name}: capability {capability}"
