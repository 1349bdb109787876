"""A job of one element, by which a run learns whether an engine's workers can do anything for it."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Sequence
from pathlib import Path
from shutil import rmtree
from typing import Any, Final

from pipeline.config.beam_arguments import BeamSettings, beam_arguments
from pipeline.runs.user_errors import user_error_of
from schema.errors import UserError

PROBED: Final = ("flink", "spark", "portable")
"""Runners whose workers are others' processes and start within seconds."""
_MOST_SECONDS: Final = 300
_ASKED: Final = "asked"
_ANSWERED: Final = "answered"


def probe_engine(settings: BeamSettings, folder: Path, most_seconds: float = _MOST_SECONDS) -> None:
    """Lets a worker read a file of the folder and write one beside it.

    Args:
        settings: The runner.
        folder: Folder of the artifacts, which the workers have to see at the same path.
        most_seconds: How long the job may take.

    Raises:
        UserError: The engine did not do it: it cannot be reached, has no free worker, its workers lack our
            code, or they do not see the folder.
    """
    folder.mkdir(parents=True, exist_ok=True)
    token = secrets.token_hex(16)
    directory = folder / f".engine-{token}"
    directory.mkdir()  # not a temporary folder: those are for one user, and workers may be another
    try:
        (directory / _ASKED).write_text(token, encoding="utf-8")
        _run(settings, directory, token, most_seconds)
        if not (directory / _ANSWERED).is_file():
            raise _unseen(directory)
    finally:
        rmtree(directory, ignore_errors=True)


def _run(settings: BeamSettings, directory: Path, token: str, most_seconds: float) -> None:
    name = f"`beam.runner: {settings.runner}`"
    try:
        finished = _submitted(beam_arguments(settings), directory, token, most_seconds)
    except Exception as error:
        user_error = user_error_of(error)
        if user_error is not None:
            raise user_error from error
        if "No module named" in str(error):
            raise UserError(
                f"{name}: the workers have no code of ours ({_line(error)}). Remedy: name an image that has "
                "it as --sdk_container_image=IMAGE in `beam.args`."
            ) from error
        raise UserError(
            f"{name} failed a first job of one element ({_line(error)}). Remedy: look at the log of its job "
            "server and workers."
        ) from error
    if not finished:
        raise UserError(
            f"{name} has not done a job of one element within {most_seconds:.0f} s. Remedy: see whether it "
            "has workers with free slots, and whether they reach this machine."
        )


def _submitted(arguments: Sequence[str], directory: Path, token: str, most_seconds: float) -> bool:
    """Runs the job; whether it is done in time."""
    import apache_beam as beam
    from apache_beam.options.pipeline_options import PipelineOptions

    pipeline: Any = beam.Pipeline(options=PipelineOptions(list(arguments)))
    pipeline | beam.Create([str(directory)]) | beam.Map(_answer, token)
    result = pipeline.run()
    if result.wait_until_finish(duration=int(most_seconds * 1000)) == "DONE":
        return True
    result.cancel()
    return False


def _answer(directory: str, token: str) -> None:
    """In a worker: the file has to be the one that this run wrote."""
    try:
        if Path(directory, _ASKED).read_text(encoding="utf-8") != token:
            raise _unseen(Path(directory))
        Path(directory, _ANSWERED).write_text(token, encoding="utf-8")
    except OSError as error:
        raise _unseen(Path(directory), f"{error.strerror}, as user {os.getuid()}") from error


def _unseen(directory: Path, reason: str = "what they wrote is not here") -> UserError:
    return UserError(
        f"The Beam workers do not share the folder {directory.parent} ({reason}). Remedy: mount it in the "
        "workers at the same path, for reading and writing; --workdir names another."
    )


def _line(error: BaseException) -> str:
    """What was raised, out of the stack traces of several languages; the innermost stands last."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()] or [type(error).__name__]
    raised = [line for line in lines if re.match(r"(Caused by: )?[\w.]*(Error|Exception)\b", line)]
    return (raised or lines)[-1].split(" [while running", 1)[0][:300]
