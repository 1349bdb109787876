"""The lines about nodes, and the estimate of the time that is left."""

from __future__ import annotations

import io

import pytest

from pipeline.terminal import progress as module
from pipeline.terminal.progress import CACHED, RAN, Progress


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
