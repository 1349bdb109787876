"""The bar of what is done."""

from __future__ import annotations

import io

import pytest

from pipeline.terminal import bar as module
from pipeline.terminal import progress as progress_module
from pipeline.terminal.bar import bar, is_unicode, shows_bar
from pipeline.terminal.progress import RAN, Progress


class Terminal(io.TextIOWrapper):
    """A stream that says it is a terminal."""

    def __init__(self, encoding="utf-8"):
        super().__init__(io.BytesIO(), encoding, write_through=True)

    def isatty(self):
        return True

    def shown(self):
        return self.buffer.getvalue().decode(self.encoding)


@pytest.fixture(autouse=True)
def wide(monkeypatch):
    monkeypatch.setenv("COLUMNS", "120")


@pytest.mark.parametrize(
    ("share", "cells", "plain"),
    [
        (0.0, " " * 20 + "▏  0%", "[" + " " * 20 + "]  0%"),
        (0.5, "█" * 10 + " " * 10 + "▏ 50%", "[" + "#" * 10 + " " * 10 + "] 50%"),
        (0.2625, "█" * 5 + "▎" + " " * 14 + "▏ 26%", "[" + "#" * 5 + " " * 15 + "] 26%"),
        (7.0, "█" * 20 + "▏100%", "[" + "#" * 20 + "]100%"),
    ],
)
def test_cells_of_the_share(share, cells, plain):
    assert bar(share, True) == f"▕{cells}"
    assert bar(share, False) == plain


def test_where_there_is_a_bar(monkeypatch):
    assert shows_bar(Terminal()) and not shows_bar(io.StringIO())
    monkeypatch.setenv("COLUMNS", str(module._MIN_COLUMNS - 1))
    assert not shows_bar(Terminal())
    assert is_unicode(Terminal()) and not is_unicode(Terminal("latin-1"))


@pytest.mark.parametrize(("expected", "share"), [({"a": 10.0, "b": 30.0}, " 50%"), ({}, " 50%")])
def test_the_share_is_of_the_time_or_else_of_the_nodes(monkeypatch, expected, share):
    now = [100.0]
    monkeypatch.setattr(progress_module.time, "monotonic", lambda: now[0])
    stream = Terminal()
    progress = Progress(stream, 2, lambda _: RAN, expected)
    progress.start("a")
    progress.finish()
    progress.start("b")
    now[0] += 10.0
    turns = iter([False, True])
    monkeypatch.setattr(progress._stop, "wait", lambda _: next(turns))
    progress._watch()
    last = stream.shown().split("\r")[-1]
    assert last.startswith("\x1b[2K▕") and f"{share} [ 2/2] b" in last
    assert ("left" in last) == bool(expected)
