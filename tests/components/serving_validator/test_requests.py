"""Requests as JSON, and the process that replays them."""

import math

import pytest

from components.serving_validator import requests
from components.serving_validator.requests import ReplayError, encode_request, replay
from schema.features import FeatureColumn, FeatureSet
from schema.served.request import Query

FEATURES = FeatureSet(
    users=(FeatureColumn(name="town", kind="category"), FeatureColumn(name="age", kind="number"))
)


def test_a_request_keeps_dtype_shape_and_any_text():
    query = Query("ü '1'", 500, ("007",), (3,), ("purchase",), {"town": "Köln"})
    request = encode_request(query, FEATURES, history_length=5, top_k=7)
    assert request["user_id"] == {"dtype": "string", "shape": (1,), "values": ["ü '1'"]}
    assert request["history_product_id"] == {"dtype": "string", "shape": (1, 1), "values": ["007"]}
    assert request["history_time"] == {"dtype": "int64", "shape": (1, 1), "values": [3]}
    assert request["user__town"]["values"] == ["Köln"]
    assert request["user__age"]["dtype"] == "float32" and math.isnan(request["user__age"]["values"][0])
    assert request["top_k"] == {"dtype": "int64", "shape": (), "values": [7]}
    assert request["exclude_purchased"]["dtype"] == "bool"


def test_a_process_that_hangs_or_fails_is_told_apart(monkeypatch, tmp_path):
    script = tmp_path / "script.py"
    monkeypatch.setattr(requests, "_SCRIPT", script)
    script.write_text("import sys; sys.exit('cannot load')")
    with pytest.raises(ReplayError, match=r"ended with code 1: cannot load"):
        replay("model", [])
    script.write_text("import time; time.sleep(60)")
    monkeypatch.setattr(requests, "_TIMEOUT_SECONDS", 0.5)
    with pytest.raises(ReplayError, match=r"not done after 0\.5 s"):
        replay("model", [])


def test_the_process_sees_hardly_any_environment(monkeypatch, tmp_path):
    script = tmp_path / "script.py"
    monkeypatch.setattr(requests, "_SCRIPT", script)
    monkeypatch.setenv("TOWERLINE_SOURCE_PASSWORD", "secret")
    monkeypatch.setenv("PYTHONPATH", "/somewhere")
    script.write_text(
        "import json, os, sys\n"
        "seen = {'variables': sorted(os.environ), 'path': sys.path}\n"
        "json.dump(seen, open(sys.argv[3], 'w'))\n"
    )
    report = replay("model", [])
    assert "TF_USE_LEGACY_KERAS" in report["variables"]
    assert "TOWERLINE_SOURCE_PASSWORD" not in report["variables"]
    assert "/somewhere" not in report["path"] and str(tmp_path) not in report["path"]
