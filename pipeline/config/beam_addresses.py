"""Whether what `beam.args` names is there: addresses that answer, a jar that exists, Java to run it."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from pipeline.config.beam_arguments import BeamSettings
from schema.errors import UserError

_SECONDS: Final = 5.0
_EMBEDDED: Final = "embed"
_MASTERS: Final = {"flink": "flink_master", "spark": "spark_master_url"}
_PORTS: Final = {"http": 80, "https": 443}


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
    if settings.runner not in (*_MASTERS, "portable"):
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
