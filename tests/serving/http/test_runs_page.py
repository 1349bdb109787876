"""The run history and the reports."""

import pytest
from fastapi.testclient import TestClient

from serving.http.app import create_app
from serving.http.extras import Extras, RunHistory
from serving.http.runs_page import runs_page

ROW = {
    "run_id": "2026-11-22T10:00:00.5",
    "state": "complete",
    "started": 1_763_805_600.0,
    "seconds": 291.25,
    "nodes": {"complete": 20, "cached": 2},
    "events": 285803,
    "ndcg@10": 0.40163,
    "blessed": True,
    "pushed_version": 1000,
}
BARE = {**dict.fromkeys(ROW), "run_id": "<b>odd</b>", "state": "failed", "nodes": {}, "blessed": False}


@pytest.fixture
def client(make_server, tmp_path):
    reports = tmp_path / "reports"
    reports.mkdir()
    (reports / f"{ROW['run_id']}.html").write_text("<!doctype html><title>the report</title>")
    (tmp_path / "secret.html").write_text("secret")
    history = RunHistory(lambda: [BARE, ROW], reports)
    with TestClient(create_app(make_server(extras=Extras(runs=history)))) as client:
        yield client


def test_runs_are_listed_newest_first_with_their_reports(client):
    answer = client.get("/runs")
    text = answer.text
    assert answer.status_code == 200 and "default-src 'none'" in answer.headers["content-security-policy"]
    assert text.index(ROW["run_id"]) < text.index("&lt;b&gt;odd")
    assert '<a href="runs/2026-11-22T10%3A00%3A00.5">' in text and "<b>odd" not in text
    for shown in ("2025-11-22 10:00:00", "285,803", "0.4016", "20 complete, 2 cached", "291.2", "yes"):
        assert shown in text, shown
    assert "1000 <strong>served</strong>" in text
    assert "the report" in client.get("/runs/2026-11-22T10%3A00%3A00.5").text


@pytest.mark.parametrize(
    "path",
    [
        "nothing",
        "..%2Fsecret",
        "..%2F..%2Fsecret",
        "%2Fetc%2Fpasswd",
        "..%5Csecret",
        "%00",
        "<b>odd<%2Fb>",
    ],
)
def test_nothing_but_reports_is_given(client, path):
    answer = client.get(f"/runs/{path}")
    assert answer.status_code == 404 and "secret" not in answer.text


def test_a_server_without_runs_says_so(make_server):
    with TestClient(create_app(make_server())) as client:
        assert client.get("/runs").json()["detail"] == "This server knows no runs."


def test_no_runs_yet():
    assert "No runs yet." in runs_page([], set(), None)
