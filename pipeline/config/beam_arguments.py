"""From `beam.runner` and `beam.args` to the arguments of every Beam node; whether what they name is there."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Literal
from urllib.parse import urlsplit

from pydantic import field_validator

from schema.errors import UserError
from schema.settings import Settings

_RUNNERS: Final = {
    "direct": "DirectRunner",
    "flink": "FlinkRunner",
    "spark": "SparkRunner",
    "dataflow": "DataflowRunner",
    "portable": "PortableRunner",
}
_BRINGS_OUR_CODE: Final = (
    "--setup_file",
    "--extra_package",
    "--extra_packages",
    "--sdk_container_image",
    "--worker_harness_container_image",
)
_IN_THIS_PROCESS: Final = "--environment_type=LOOPBACK"
_ON_THESE_MACHINES: Final = "--environment_type=PROCESS"
_KEPT_WORKERS: Final = "--environment_cache_millis"
_KEPT_MILLIS: Final = 600_000
_SETUP_FILE: Final = Path(__file__).parents[2] / "setup.py"

_SECONDS: Final = 5.0
_EMBEDDED: Final = "embed"
_MASTERS: Final = {"flink": "flink_master", "spark": "spark_master_url"}
_WITH_JOB_SERVER: Final = (*_MASTERS, "portable")
_PORTS: Final = {"http": 80, "https": 443}


class BeamSettings(Settings):
    """Where Beam runs."""

    runner: Literal["direct", "flink", "spark", "dataflow", "portable"] = "direct"
    """Beam runner; `portable` is a job server of Flink or Spark that runs already (`--job_endpoint`)."""
    args: tuple[str, ...] = ()
    """Further Beam arguments, such as `--direct_running_mode=multi_processing` and
    `--direct_num_workers=4`, or `--flink_master=host:8081` (docs/workers.md)."""

    @field_validator("args")
    @classmethod
    def _named_once(cls, args: tuple[str, ...]) -> tuple[str, ...]:
        for argument in args:
            if not argument.startswith("--"):
                raise ValueError(f"a Beam argument is one text, such as `--name=value`; `{argument}` is not")
            if argument.split("=")[0] == "--runner":
                raise ValueError("the runner is named by `beam.runner`")
        return args


def beam_arguments(settings: BeamSettings) -> list[str]:
    """Returns the arguments; none for the default, so that TFX packs no code for workers that are here.

    The workers of other runners need our package: from the image that they run, from the environment
    that they are started in, or else by `setup.py`, which Beam makes a source distribution of for each node.
    Those of Flink, Spark and job servers are kept from one stage of a job to the next: Beam's own default is
    a new process, which imports TensorFlow, for each stage of each worker.

    Raises:
        UserError: The workers would have no code, because this installation has no `setup.py`.
    """
    if settings.runner == "direct" and not settings.args:
        return []
    arguments = [f"--runner={_RUNNERS[settings.runner]}", *settings.args]
    if _IN_THIS_PROCESS in settings.args:
        return arguments
    if settings.runner in _WITH_JOB_SERVER and not _is_given(_KEPT_WORKERS, settings.args):
        arguments.append(f"{_KEPT_WORKERS}={_KEPT_MILLIS}")
    if any(_is_given(name, settings.args) for name in _BRINGS_OUR_CODE):
        return arguments
    if _SETUP_FILE.is_file():
        return [*arguments, f"--setup_file={_SETUP_FILE}"]
    if settings.runner == "direct" or _ON_THESE_MACHINES in settings.args:
        return arguments
    raise UserError(
        f"The workers of `beam.runner: {settings.runner}` have no code of ours: this installation has no "
        "`setup.py`. Remedy: name the image of the pipeline in `beam.args` as `--sdk_container_image=IMAGE`, "
        "or a checkout's `--setup_file=/path/of/setup.py`."
    )


def _is_given(name: str, args: tuple[str, ...]) -> bool:
    return any(argument.split("=")[0] == name for argument in args)


def check_addresses(settings: BeamSettings) -> None:
    """Asks for what a run needs before it begins: Beam itself would wait, or fail in the first node.

    Raises:
        UserError: An address does not answer, a jar is not there, or there is no Java for it.
    """
    given = {name.removeprefix("--"): value for name, _, value in (a.partition("=") for a in settings.args)}
    endpoint = given.get("job_endpoint", "")
    if settings.runner == "portable" and not endpoint:
        raise UserError(
            "`beam.runner: portable` is a job server that runs already, and `beam.args` names none. "
            "Remedy: --set 'beam.args=[--job_endpoint=HOST:8099]'."
        )
    if settings.runner not in _WITH_JOB_SERVER:
        return
    if endpoint and endpoint != _EMBEDDED:
        _ask("job_endpoint", endpoint, [endpoint])
    if settings.runner in _MASTERS:
        _check_master(_MASTERS[settings.runner], given)
        if not endpoint:
            _check_job_server(settings.runner, given)


def _check_master(name: str, given: Mapping[str, str]) -> None:
    master = given.get(name, "").strip()
    scheme, separator, rest = master.partition("://")
    if name == "flink_master" and master and not master.startswith("["):
        _ask(name, master, [rest if separator else master], _PORTS.get(scheme if separator else "http"))
    elif scheme == "spark":
        _ask(name, master, rest.split(","))  # one of several masters leads


def _ask(name: str, value: str, addresses: list[str], port: int | None = None) -> None:
    """Connects to the first address that answers."""
    reason = "it names no host and port"
    for address in addresses:
        try:
            found = urlsplit(f"//{address}")
            host, number = found.hostname, found.port or port
        except ValueError:
            continue
        if host is None or number is None:
            continue
        try:
            socket.create_connection((host, number), _SECONDS).close()
        except OSError as error:
            reason = error.strerror or str(error)
        else:
            return
    raise UserError(
        f"`beam.args`: --{name}={value} cannot be reached ({reason}). Remedy: start it, or name the address "
        "of one that runs."
    )


def _check_job_server(runner: str, given: Mapping[str, str]) -> None:
    """The job server that Beam starts for the run."""
    if f"{runner}_submit_uber_jar" in given:
        return
    launcher = given.get("job_server_java_launcher", "java")
    if shutil.which(launcher) is None:
        raise UserError(
            f"`beam.runner: {runner}` starts a job server in Java, and there is no `{launcher}`. Remedy: "
            "install a Java runtime (11 to 17), or name a job server that runs as --job_endpoint=HOST:PORT."
        )
    name = f"{runner}_job_server_jar"
    jar = given.get(name, "")
    if jar and "://" not in jar and not Path(jar).is_file():
        raise UserError(
            f"`beam.args`: there is no --{name}={jar}. Remedy: name the jar of Beam's job server for "
            f"{runner.capitalize()}, or leave it out and Beam fetches it."
        )
