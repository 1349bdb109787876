"""What earlier runs say about how long nodes take."""

from __future__ import annotations

import json

from pipeline.runs.expected import expected_seconds


def record(folder, name, **nodes):
    stages = [{"node": node, "outcome": outcome, "seconds": took} for node, (outcome, took) in nodes.items()]
    (folder / f"run-{name}.json").write_text(json.dumps({"seconds": 1.0, "stages": stages}))


def test_the_newest_run_that_was_not_cached_counts(tmp_path):
    record(tmp_path, "20240101T000000", Reader=("ran", 9.0), Trainer=("ran", 90.0))
    record(tmp_path, "20240102T000000", Reader=("ran", 5.0), Trainer=("cached", 0.1), Pusher=("failed", 2.0))
    assert expected_seconds(tmp_path) == {"Reader": 5.0, "Trainer": 90.0}


def test_records_that_cannot_be_read_say_nothing(tmp_path):
    (tmp_path / "run-20240103T000000.json").write_text('{"stages": [{"no')
    (tmp_path / "run-20240104T000000.json").write_text('{"stages": [5]}')
    (tmp_path / "run-20240104T000000.log").write_text("words")
    assert expected_seconds(tmp_path) == {}
    assert expected_seconds(tmp_path / "absent") == {}
