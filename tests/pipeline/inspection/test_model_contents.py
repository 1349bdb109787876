"""What is told of a trained model, from files written by hand."""

import json

from pipeline.inspection.model_contents import model
from pipeline.metadata.store import Artifact


def tables(folder, start):
    extra = folder / "Format-Serving" / "assets.extra"
    extra.mkdir(parents=True, exist_ok=True)
    (extra / "start.json").write_text(json.dumps(start))
    return {table.title: table for table in model(Artifact("Model", str(folder)), folder).tables}


def test_a_warm_start_is_told_where_one_was_wanted(tmp_path):
    start = {"asked": True, "began_from": "1000", "reason": "", "num_epochs": 2, "metric": 0.31}

    def told(start):
        return [row[0].split(maxsplit=1) for row in tables(tmp_path, start)["Warm start"].rows]

    assert told(start) == [["began_from", "1000"], ["num_epochs", "2"], ["metric", "0.31"]]
    cold = start | {"began_from": None, "reason": "they read other figures of a pair"}
    assert told(cold)[0] == ["reason", "they read other figures of a pair"]
    assert "Warm start" not in tables(tmp_path, start | {"asked": False})
