"""Runs Towerline's own commands in processes of their own."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from benchmarks.quality.leave_one_out import count_events
from benchmarks.quality.protocols import Protocol
from schema.errors import PipelineRefusedError, UserError
from schema.files import whole_file

_DONE: Final = 0
_REFUSED: Final = 1
_USER_MISTAKE: Final = 2
_PATIENCE: Final = 20.0


def write_database(protocol: Protocol, path: Path, by_own_clock: bool = False) -> None:
    """Writes the data set as a SQLite product database; an older one is replaced when it is whole.

    Args:
        protocol: The data set, and whether its stamps are replaced.
        path: SQLite file.
        by_own_clock: Leaves the stamps as they are all the same.

    Raises:
        UserError: The data package is missing or the database cannot be written.
    """
    with whole_file(path) as unfinished:
        command = ["demo", protocol.data, "--output", str(unfinished)]
        if protocol.data == "complete-journey":
            command += ["--profile", protocol.profile]
        _checked(*_towerline([*command, "--json"]), "towerline demo")
        if protocol.counts_events and not by_own_clock:
            count_events(unfinished)


def run_pipeline(database: Path, workdir: Path, settings: Sequence[str], config: str | None) -> Any:
    """Runs the whole pipeline and returns what `towerline run --json` prints.

    A model that is not blessed has been measured all the same.

    Args:
        database: The SQLite product database.
        workdir: The work directory.
        settings: `key=value`, later ones before earlier ones.
        config: A configuration file, if there is one.

    Raises:
        PipelineRefusedError: The pipeline refused before it had measured.
        UserError: It met a mistake of the user.
    """
    return _measured("run", database, workdir, settings, config)


def refresh_pipeline(database: Path, workdir: Path, settings: Sequence[str], config: str | None) -> Any:
    """Refreshes the pushed version and returns what `towerline refresh --json` prints; as `run_pipeline`."""
    return _measured("refresh", database, workdir, settings, config)


def as_configured(settings: Sequence[str], config: str | None) -> list[str]:
    """Arguments that configure another command as `--set` and `--config` say."""
    given = [part for setting in settings for part in ("--set", setting)]
    return [*given, "--config", config] if config else given


def _measured(name: str, database: Path, workdir: Path, settings: Sequence[str], config: str | None) -> Any:
    command = [name, "--json", "--source", f"sqlite:///{database}", "--workdir", str(workdir)]
    code, printed = _towerline([*command, *as_configured(settings, config)])
    if code == _REFUSED and printed.strip():
        code = _DONE
    _checked(code, printed, f"towerline {name}")
    return json.loads(printed)


def _towerline(arguments: Sequence[str]) -> tuple[int, str]:
    """Runs a command whose progress goes to our stderr; returns its exit code and what it printed."""
    command = [sys.executable, "-m", "pipeline", *arguments]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True) as process:
        try:
            printed, _ = process.communicate()
        except BaseException:
            _end(process)
            raise
    return process.returncode, printed


def _end(process: subprocess.Popen[str]) -> None:
    """Gives the process, which a Ctrl-C at the terminal has reached as well, time to leave all whole."""
    for signal in (None, process.terminate, process.kill):
        if signal is not None:
            signal()
        try:
            process.wait(_PATIENCE)
            return
        except subprocess.TimeoutExpired:
            continue


def _checked(code: int, printed: str, what: str) -> None:
    if code == _DONE:
        return
    if code == _USER_MISTAKE:
        raise UserError(f"`{what}` met a mistake, which stands above. Remedy: fix it and try again.")
    if code == _REFUSED:
        raise PipelineRefusedError(f"`{what}` refused before anything was measured; the reason stands above.")
    raise RuntimeError(f"`{what}` failed with exit code {code}; its message stands above. {printed[-500:]}")
