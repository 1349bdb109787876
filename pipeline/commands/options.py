"""The options that every command takes."""

from __future__ import annotations

import argparse


def add_common(parser: argparse.ArgumentParser, is_nested: bool = False) -> None:
    """Adds the options that every command takes.

    Args:
        parser: Of a command, or of a part of one.
        is_nested: Whether it is of a part, which must not reset what was said before its name.
    """
    group = parser.add_argument_group("common options")

    def default(value: object) -> object:
        return argparse.SUPPRESS if is_nested else value

    group.add_argument(
        "--workdir", default=default(".towerline"), metavar="DIR", help="work directory (.towerline)"
    )
    group.add_argument("--config", default=default(None), metavar="FILE.yaml", help="configuration file")
    group.add_argument(
        "--set",
        action="append",
        default=default([]),
        metavar="KEY=VALUE",
        help="overrides a dotted configuration key; may be repeated",
    )
    group.add_argument(
        "--quiet",
        action="store_true",
        default=default(False),
        help="print the result and what is wrong, and nothing on the way",
    )
    group.add_argument("--json", action="store_true", default=default(False), help="print JSON")
