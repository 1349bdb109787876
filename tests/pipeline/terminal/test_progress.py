"""The lines about nodes, and the estimate of the time that is left."""

from __future__ import annotations

import io

import pytest

from pipeline.terminal import progress
from pipeline.terminal import progress as module
from pipeline.terminal import progress as progress_module
from pipeline.terminal.progress import CACHED, RAN, Progress, bar, is_unicode, shows_bar


@pytest.fixture
def clock(monkeypatch):
    """A clock that stands still until it is moved."""
    now = [100.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    return now


def run(clock, expected, took, outcome=RAN):
    """Runs one node after the other, each for its seconds; the lines about them."""
    stream = io.StringIO()
    progress = Progress(stream, len(took), lambda _: outcome, expected)
    for node, seconds in took.items():
        progress.start(node)
        clock[0] += seconds
        progress.finish()
    return stream.getvalue().splitlines()


TOOK = {"Reader": 10.0, "Transform": 30.0, "Trainer": 300.0}


def test_what_is_left_is_what_the_nodes_took_before(clock):
    lines = run(clock, TOOK, TOOK)
    assert [line.split("GB")[1].strip() for line in lines] == ["about 6 min left", "about 5 min left", ""]
    assert lines[0].startswith("[ 1/3] Reader")


def test_short_times_are_told_in_seconds(clock):
    lines = run(clock, {"a": 1.0, "b": 40.0, "c": 2.0}, {"a": 1.0, "b": 1.0, "c": 1.0}, CACHED)
    assert [line.split("GB")[1].strip() for line in lines] == ["about 42 s left", "a few seconds left", ""]


@pytest.mark.parametrize("expected", [{}, {"Reader": 10.0}])
def test_without_earlier_runs_nothing_is_guessed(clock, expected):
    assert all("left" not in line for line in run(clock, expected, TOOK))


def test_the_running_node_counts_by_what_it_still_takes(clock):
    progress = Progress(io.StringIO(), 3, lambda _: RAN, TOOK)
    assert progress._left("Reader", 4.0) == "  about 6 min left"  # 336 s
    assert progress._left("Reader", 500.0) == "  about 6 min left"  # longer than before: 330 s
    assert progress._left("Other", 4.0) == ""


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
    monkeypatch.setenv("COLUMNS", str(progress._MIN_COLUMNS - 1))
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
