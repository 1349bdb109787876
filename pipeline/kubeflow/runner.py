"""Kubeflow Pipelines 2: writes its YAML and speaks to its API; the only module that imports kfp.

Kubeflow brings the DAG, pods, resources and retries. What a node is, what it reads and whether the cache
has it, TFX decides inside the container.
"""

from __future__ import annotations

import contextlib
import inspect
import io
import logging
import re
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import kfp_server_api
import urllib3
from kfp import client, compiler, dsl

from pipeline.config.kubeflow_settings import KubeflowSettings, NodeResources
from pipeline.config.settings import TowerlineConfig
from pipeline.kubeflow.graph import OUTCOME, PLAN, node_of, worker_of
from pipeline.kubeflow.parameters import Document, RunParameter, fixed_settings, run_parameters
from pipeline.metadata.location import PASSWORD_VARIABLE as METADATA_PASSWORD
from pipeline.planning.plan import PIPELINE_NAME
from schema.errors import UserError
from schema.source_settings import PASSWORD_VARIABLE as SOURCE_PASSWORD

_PASSWORDS: Final = {"source-password": SOURCE_PASSWORD, "metadata-password": METADATA_PASSWORD}
_RUN: Final = "run"
_ENDED: Final = frozenset({"SUCCEEDED", "FAILED", "CANCELED", "SKIPPED"})
_DESCRIPTION: Final = "Product recommendations in three stages, from a database to a pushed model."
_REFRESH: Final = f"{PIPELINE_NAME}-refresh"
_OF_REFRESH: Final = "The pushed model once more, from the events up to now, with the weights that it has."


@dataclass(frozen=True)
class Deployment:
    """Which pipeline runs, and where.

    Attributes:
        image: Container image of every task.
        pipeline_root: Folder that every pod sees.
        metadata_url: ML Metadata, without a password.
        refresh: Whether it is that of a refresh of the pushed version.
    """

    image: str
    pipeline_root: str
    metadata_url: str
    refresh: bool = False


def compile_pipeline(
    config: TowerlineConfig, graph: Mapping[str, tuple[str, ...]], deployment: Deployment, output: Path
) -> None:
    """Writes the YAML.

    Args:
        config: The configuration.
        graph: Task -> tasks that it waits for, in an order in which they can run.
        deployment: Where it will run.
        output: The file.
    """
    parameters = run_parameters(config, deployment.refresh)
    # Python wants the inputs without a default before the others.
    ordered = sorted(parameters, key=lambda parameter: parameter.default is not None)
    components = {task: _component(task, config, parameters, deployment) for task in graph}

    def wire(*values: Any) -> None:
        inputs = dict(zip((parameter.name for parameter in ordered), values, strict=True))
        made: dict[str, Any] = {}
        for task, upstream in graph.items():
            arguments = inputs if task == PLAN else {}
            made[task] = components[task](run=dsl.PIPELINE_JOB_ID_PLACEHOLDER, **arguments)
            made[task].after(*(made[name] for name in upstream))
            _assign(made[task], task, config.kubeflow, deployment)

    _sign(wire, [_input(parameter) for parameter in ordered])
    name, description = (_REFRESH, _OF_REFRESH) if deployment.refresh else (PIPELINE_NAME, _DESCRIPTION)
    pipeline = dsl.pipeline(name=name, description=description)(wire)
    compiler.Compiler().compile(pipeline, str(output))


def task_name(node: str) -> str:
    """The name of a node's task: small letters, digits and `-`, as Argo wants them."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", node).lower()


def _component(
    task: str, config: TowerlineConfig, parameters: tuple[RunParameter, ...], deployment: Deployment
) -> Any:
    def container(run: str, *values: Any) -> dsl.ContainerSpec:
        inputs = dict(zip((parameter.name for parameter in parameters), values, strict=False))
        shared = [f"--run={run}", f"--pipeline-root={deployment.pipeline_root}"]
        shared.append(f"--metadata-url={deployment.metadata_url}")
        kind, own = _call(task, config)
        own = _plan_arguments(config, deployment, parameters, inputs) if task == PLAN else own
        command = ["python", "-m", f"pipeline.kubeflow.{kind}"]
        return dsl.ContainerSpec(image=deployment.image, command=command, args=[*shared, *own])

    container.__name__ = task_name(task).replace("-", "_")
    run = inspect.Parameter(_RUN, inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=str)
    own = [_input(parameter, with_default=False) for parameter in parameters] if task == PLAN else []
    _sign(container, [run, *own])
    return dsl.container_component(container)


def _call(task: str, config: TowerlineConfig) -> tuple[str, list[str]]:
    """The module of a task's container, and what it is told beside what all are told."""
    if task in (PLAN, OUTCOME):
        return task, []
    node, workers = node_of(task), config.kubeflow.resources(node_of(task)).workers
    if worker_of(task):
        return "worker", [f"--node={node}", f"--worker={worker_of(task)}"]
    return "node", [f"--node={node}", *([f"--workers={workers}"] if workers > 1 else [])]


def _plan_arguments(
    config: TowerlineConfig,
    deployment: Deployment,
    parameters: tuple[RunParameter, ...],
    inputs: Mapping[str, Any],
) -> list[str]:
    fixed = [f"--set={key}={value}" for key, value in fixed_settings(config, deployment.refresh).items()]
    changeable = [
        f"--{'text' if parameter.kind is str else 'set'}={parameter.key}={inputs[parameter.name]}"
        for parameter in parameters
    ]
    return [*(["--refresh"] if deployment.refresh else []), *fixed, *changeable]


def _input(parameter: RunParameter, with_default: bool = True) -> inspect.Parameter:
    has_default = with_default and parameter.default is not None
    return inspect.Parameter(
        parameter.name,
        inspect.Parameter.POSITIONAL_OR_KEYWORD,
        default=parameter.default if has_default else inspect.Parameter.empty,
        annotation=parameter.kind,
    )


def _sign(function: Callable[..., Any], parameters: list[inspect.Parameter]) -> None:
    """The kfp SDK reads inputs and their types off the signature."""
    function.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    function.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}


def _assign(task: Any, node: str, settings: KubeflowSettings, deployment: Deployment) -> None:
    """Resources, retries and what the platform document holds.

    Kubeflow's own cache stays off: it would answer from the arguments alone, without a look at the data.
    """
    resources = settings.resources(node_of(node))
    task.set_caching_options(False)
    task.set_display_name(node)
    task.set_cpu_request(resources.cpu)
    task.set_memory_request(resources.memory)
    task.set_memory_limit(resources.memory)
    if resources.gpu:
        task.set_accelerator_type(resources.gpu_type).set_accelerator_limit(resources.gpu)
    if resources.retries and node != OUTCOME:  # a refusal stays one
        task.set_retry(resources.retries, backoff_duration="10s", backoff_factor=2.0)
    task.platform_config["kubernetes"] = _platform(resources, settings, deployment)


def _platform(resources: NodeResources, settings: KubeflowSettings, deployment: Deployment) -> dict[str, Any]:
    """What kfp-kubernetes writes for a volume, a secret, a user, a deadline and a node selector."""
    platform: dict[str, Any] = {
        "pvcMount": [
            {
                "constant": settings.volume_claim,
                "pvcNameParameter": _constant(settings.volume_claim),
                "mountPath": settings.mount_path or deployment.pipeline_root,
            }
        ],
        "secretAsEnv": [
            {
                "secretName": settings.secret,
                "secretNameParameter": _constant(settings.secret),
                "keyToEnv": [{"secretKey": key, "envVar": variable} for key, variable in _PASSWORDS.items()],
                "optional": True,
            }
        ],
        "imagePullPolicy": settings.image_pull_policy,
    }
    if settings.user:
        # The rest of what Pod Security `restricted` asks for, the backend writes for every task.
        user = str(settings.user)
        platform["securityContext"] = {"runAsUser": user, "runAsGroup": user, "runAsNonRoot": True}
    if resources.timeout_seconds:
        platform["activeDeadlineSeconds"] = str(resources.timeout_seconds)
    if resources.node_selector:
        platform["nodeSelector"] = {"labels": dict(resources.node_selector)}
    return platform


def _constant(text: str) -> dict[str, Any]:
    return {"runtimeValue": {"constant": text}}


class Kubeflow:
    """The API of an installation.

    Args:
        endpoint: Its URL.
        namespace: Namespace, on an installation for several users.
        token: Bearer token, if it wants one.

    Raises:
        UserError: It cannot be reached or refuses; so do all methods.
    """

    def __init__(self, endpoint: str, namespace: str | None, token: str | None) -> None:
        self._endpoint = endpoint
        self._namespace = namespace
        with self._translated():
            _ask_for_health(endpoint, token)
            self._client = client.Client(host=endpoint, existing_token=token or None)

    def start(self, document: Document, experiment: str) -> str:
        """Starts a run and returns its id; the experiment is made if it is not there."""
        with self._translated():
            made = self._client.create_experiment(experiment, namespace=self._namespace)
            run = self._client.run_pipeline(
                made.experiment_id, _name(), str(document.path), dict(document.parameters)
            )
        return str(run.run_id)

    def recur(self, document: Document, experiment: str, cron: str) -> str:
        """Starts a recurring run, one at a time and without catching up, and returns its id."""
        with self._translated():
            made = self._client.create_experiment(experiment, namespace=self._namespace)
            run = self._client.create_recurring_run(
                made.experiment_id,
                _name(),
                cron_expression=cron,
                max_concurrency=1,
                no_catchup=True,
                params=dict(document.parameters),
                pipeline_package_path=str(document.path),
            )
        return str(run.recurring_run_id)

    def follow(self, run_id: str, tell: Callable[[str], None], seconds: float = 5.0) -> str:
        """Tells each new state of a run until it has ended, and returns the last."""
        state = ""
        while state not in _ENDED:
            with self._translated():
                found = str(self._client.get_run(run_id).state)
            if found != state:
                tell(f"{time.strftime('%H:%M:%S')} {found}")
            elif found not in _ENDED:
                time.sleep(seconds)
            state = found
        return state

    def failed_tasks(self, run_id: str) -> list[str]:
        """Names of the tasks of a run that failed."""
        with self._translated():
            details = self._client.get_run(run_id).run_details
        tasks = (details.task_details or []) if details else []
        return sorted({task.display_name for task in tasks if task.state == "FAILED"})

    @contextlib.contextmanager
    def _translated(self) -> Iterator[None]:
        """Turns the failures of the client into one line, and keeps what it prints off stdout."""
        logging.getLogger("urllib3").setLevel(logging.ERROR)
        try:
            with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings(action="ignore"):
                yield
        except kfp_server_api.ApiException as error:
            reason = " ".join(str(error.body or error.reason).split())
            raise UserError(f"Kubeflow at {self._endpoint} refuses: {error.status} {reason:.300}") from error
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise UserError(
                f"Kubeflow at {self._endpoint} cannot be reached ({type(error).__name__}). Remedy: check "
                "--endpoint; `kubectl -n kubeflow port-forward service/ml-pipeline 8888` brings it here."
            ) from error


def _ask_for_health(endpoint: str, token: str | None) -> None:
    """Once; the client's own question is asked five times, with a traceback for each."""
    settings = kfp_server_api.Configuration(host=endpoint.rstrip("/"))
    settings.retries = False
    if token:
        settings.api_key["authorization"] = token
        settings.api_key_prefix["authorization"] = "Bearer"
    kfp_server_api.HealthzServiceApi(kfp_server_api.ApiClient(settings)).healthz_service_get_healthz()


def _name() -> str:
    return time.strftime(f"{PIPELINE_NAME} %Y-%m-%d %H:%M:%S")
