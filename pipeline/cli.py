"""The command line: parses the arguments, and turns every failure into one clear line and an exit code."""

from __future__ import annotations

import argparse
import os
import re
import sys
import time
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NoReturn

from pipeline.commands import (
    benchmark,
    compiling,
    demo,
    doctor,
    forget,
    gc,
    init,
    inspect,
    recommend,
    refresh,
    replay,
    report,
    run,
    runs,
    schema,
    search,
    serve,
    similar,
    submit,
    why,
)
from pipeline.commands.options import add_common
from pipeline.terminal import console
from schema.errors import ConfigurationError, PipelineRefusedError, UserError

DONE: Final = 0
REFUSED: Final = 1
USER_MISTAKE: Final = 2
INTERNAL_FAILURE: Final = 3
INTERRUPTED: Final = 130

COMMANDS: Final = (
    demo,
    init,
    run,
    refresh,
    recommend,
    why,
    similar,
    search,
    serve,
    replay,
    runs,
    inspect,
    report,
    gc,
    forget,
    schema,
    compiling,
    submit,
    benchmark,
    doctor,
)
"""Modules with `NAME`, `HELP`, `add_arguments(parser)` and `execute(arguments) -> exit code`."""

_FULL_DISK: Final = frozenset({28, 122})
_SAYS_FULL: Final = re.compile(r"No space left on device|disk is full|Disk quota exceeded", re.I)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs a command and returns its exit code."""
    arguments = build_parser().parse_args(argv)
    console.be_quiet(arguments.quiet)
    try:
        code: int = arguments.execute(arguments)
        return code
    except ConfigurationError as error:
        return _fail(_with_line(error, arguments.config), USER_MISTAKE)
    except UserError as error:
        return _fail(error, USER_MISTAKE)
    except PipelineRefusedError as error:
        return _fail(error, REFUSED)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except KeyboardInterrupt:
        console.note("towerline: stopped; nothing half-made is used by the next run.")
        return INTERRUPTED
    except OSError as error:
        if isinstance(error, PermissionError):
            return _fail(f"{error.strerror}{_location(error)}. Remedy: fix that and try again.", USER_MISTAKE)
        return _full_disk(error) or _internal(error, arguments.workdir)
    except Exception as error:
        return _full_disk(error) or _internal(error, arguments.workdir)


def build_parser() -> argparse.ArgumentParser:
    """Returns the parser of all commands; imports nothing heavy."""
    parser = _Parser(
        prog="towerline", description="Product recommendations from a SQL database, in three stages."
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for module in COMMANDS:
        command = commands.add_parser(module.NAME, help=module.HELP, description=module.HELP)
        add_common(command)
        module.add_arguments(command)
        command.set_defaults(execute=module.execute)
    return parser


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """One line, as for every other mistake."""
        self.exit(USER_MISTAKE, f"{self.prog}: {message} (see {self.prog} --help)\n")


def _with_line(error: ConfigurationError, file: str | None) -> str:
    from pipeline.config.loading import line_of
    from pipeline.config.renamed import old_name

    written = [key for key in (error.key, old_name(error.key)) if key is not None]
    lines = [found for key in written if file and (found := line_of(file, key))]  # of the section at least
    line = max(lines, default=None)
    return f"{error} ({file}, line {line})" if line else str(error)


def _fail(reason: object, code: int) -> int:
    console.fail("towerline: " + " ".join(str(reason).split()))
    return code


def _full_disk(error: BaseException) -> int:
    """Says that a disk is full, whoever noticed it; 0 if that is not what went wrong."""
    found: BaseException | None = error
    while found is not None:
        if (isinstance(found, OSError) and found.errno in _FULL_DISK) or _SAYS_FULL.search(str(found)):
            location = _location(found) if isinstance(found, OSError) else ""
            remedy = "free some space there, or choose another --workdir"
            return _fail(f"No space left on device{location}. Remedy: {remedy}.", USER_MISTAKE)
        found = found.__cause__ or found.__context__
    return 0


def _location(error: OSError) -> str:
    return "" if error.filename is None else f": {error.filename}"


def _internal(error: BaseException, workdir: str) -> int:
    text = "".join(traceback.format_exception(error))
    known = getattr(error, "log_path", None)
    path = Path(workdir, "logs", time.strftime("failure-%Y%m%dT%H%M%S.log"))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError:
        console.fail(text)
        return _fail(f"internal failure: {error!r}; no log could be written to {path}.", INTERNAL_FAILURE)
    where = f"{path.absolute()}" + (f" and {known}" if known else "")
    return _fail(f"internal failure: {_short(error).rstrip('.')}. Log: {where}", INTERNAL_FAILURE)


def _short(error: BaseException) -> str:
    text = " ".join(f"{type(error).__name__}: {error}".split())
    return text if len(text) <= 300 else text[:300] + "…"
