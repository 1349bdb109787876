"""The three commands on one database, each timed."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from schema.source import mask_url, password_of
from schema.source_settings import PASSWORD_VARIABLE

_MINUTES: Final = 60
_COUNTS: Final = re.compile(r"([0-9,]+) events, ([0-9,]+) users, ([0-9,]+) products")


@dataclass(frozen=True)
class Step:
    """One command that has ended.

    Attributes:
        code: Its exit code.
        seconds: How long it took.
        output: What it printed, standard output before errors.
    """

    code: int
    seconds: float
    output: str


@dataclass(frozen=True)
class FirstRun:
    """What became of a database.

    Attributes:
        name: Of the database.
        dialect: Kind of the server.
        num_events: Events that a right mapping finds.
        found: Events, users and products that `doctor` found; None where it did not come so far.
        steps: Command -> how it ended.
    """

    name: str
    dialect: str
    num_events: int
    found: tuple[int, ...] | None
    steps: Mapping[str, Step]


def measure(name: str, database: Any, url: str, folder: Path, last: str = "run") -> FirstRun:
    """Runs `init`, `doctor` and `run`; what a step wrote is left as it is for the next.

    Args:
        name: Of the database.
        database: From `described`.
        url: Where it is.
        folder: For the mapping and the work directory.
        last: The command after which it ends.
    """
    mapping, workdir = folder / f"{name}.yaml", folder / name
    environment = {**os.environ}
    if (password := password_of(url)) is not None:
        environment[PASSWORD_VARIABLE] = password
    common = ["--config", str(mapping), "--workdir", str(workdir)]
    commands = {
        "init": ["init", "--source", mask_url(url), "--output", str(mapping)],
        "doctor": ["doctor", *common],
        "run": ["run", *common, "--json"],
    }
    steps: dict[str, Step] = {}
    for command, arguments in commands.items():
        steps[command] = _timed(arguments, environment)
        if steps[command].code > 1 or command == last:
            break
    return FirstRun(name, database.dialect, database.num_events, _found(steps.get("doctor")), steps)


def _timed(arguments: Sequence[str], environment: Mapping[str, str]) -> Step:
    started = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "pipeline", *arguments],
        env=dict(environment),
        capture_output=True,
        text=True,
        timeout=60 * _MINUTES,
        check=False,
    )
    return Step(done.returncode, time.monotonic() - started, done.stdout + done.stderr)


def _found(doctor: Step | None) -> tuple[int, ...] | None:
    """Events, users and products of what `doctor` says of the database."""
    found = _COUNTS.search(doctor.output) if doctor is not None else None
    return None if found is None else tuple(int(count.replace(",", "")) for count in found.groups())
