"""The options of every command, as a page."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import Final

from pipeline.cli import build_parser

_HEAD: Final = """\
# Commands

Written by `make docs` from the commands themselves. `towerline COMMAND --help` prints the same; `python -m pipeline` is `towerline`.

Exit codes: 0 done; 1 the pipeline ran and refused (data not valid, model not blessed; the served version stays what it was); 2 a user error, in one line on stderr; 3 an internal failure, with the path of its log; 130 interrupted.
"""  # noqa: E501
_SHARED: Final = "common options"


def command_line_page() -> str:
    """Every command with its arguments, and once those that all take."""
    parser = build_parser()
    shared = _shared_options(next(iter(_subparsers(parser).choices.values())))
    known = {"help", *(action.dest for action in shared)}
    parts = [_HEAD, f"## Options of every command\n\n{_table(shared)}\n"]
    for name, meaning, command in _commands(parser, "towerline"):
        own = [
            action
            for action in command._actions
            if action.dest not in known and not isinstance(action, argparse._SubParsersAction)
        ]
        table = f"\n{_table(own)}\n" if own else ""
        parts.append(f"{'#' * len(name.split())} `{name}`\n\n{_cell(meaning)}\n{table}")
    return "\n".join(parts)


def _shared_options(command: argparse.ArgumentParser) -> list[argparse.Action]:
    groups = [group for group in command._action_groups if group.title == _SHARED]
    return [action for group in groups for action in group._group_actions]


def _commands(
    parser: argparse.ArgumentParser, prefix: str
) -> Iterator[tuple[str, str, argparse.ArgumentParser]]:
    """Commands and, each after its own, their parts."""
    found = _subparsers(parser)
    texts = {action.dest: action.help or "" for action in found._choices_actions}
    for name, command in found.choices.items():
        yield f"{prefix} {name}", texts[name], command
        if any(isinstance(action, argparse._SubParsersAction) for action in command._actions):
            yield from _commands(command, f"{prefix} {name}")


def _subparsers(parser: argparse.ArgumentParser) -> argparse._SubParsersAction[argparse.ArgumentParser]:
    return next(action for action in parser._actions if isinstance(action, argparse._SubParsersAction))


def _table(actions: list[argparse.Action]) -> str:
    rows = [f"| `{_name(action)}` | {_cell(action.help or '')} |" for action in actions]
    return "\n".join(["| argument | meaning |", "|---|---|", *rows])


def _name(action: argparse.Action) -> str:
    shown = action.metavar or (" or ".join(action.choices) if action.choices else action.dest.upper())
    value = " ".join(shown) if isinstance(shown, tuple) else shown
    if not action.option_strings:
        return f"[{value}]" if action.nargs == "?" else value
    flags = ", ".join(action.option_strings)
    return flags if action.nargs == 0 else f"{flags} {value}"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|") or "–"
