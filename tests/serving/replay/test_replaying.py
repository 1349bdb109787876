"""Recorded answers come out the same again, and what differs is named."""

import json
import stat
from types import SimpleNamespace

import pytest
from fastapi.testclient import TestClient

from schema.errors import UserError
from serving.http.app import create_app
from serving.http.extras import Extras
from serving.new_products.side_index import SideIndex
from serving.replay.recording import RecordedShop, Recorder
from serving.replay.replaying import Replay, differences, read_record

KNOWN = "u5"
REQUESTS = [
    ("/v1/recommendations", {"user_id": KNOWN, "top_k": 7}),
    ("/v1/recommendations", {"user_id": "never seen"}),
    (
        "/v1/recommendations",
        {"user_id": KNOWN, "filters": {"colour": "red"}, "diversity": 0.4, "explain": True},
    ),
    ("/v1/recommendations", {"history": [{"product_id": "p7", "occurred_at": "2023-11-01"}]}),
    ("/v1/similar", {"product_id": "p7", "top_k": 4}),
    ("/v1/similar", {"embedding": [1.0] * 8}),
    ("/v1/search", {"text": "bleu"}),
]


@pytest.fixture(scope="module")
def record(make_server, tmp_path_factory):
    """A record of every kind of request; a product is added in between."""
    path = tmp_path_factory.mktemp("record") / "record.jsonl"
    recorder = Recorder(path)
    server = make_server(extras=Extras(SideIndex(None), recorder))
    with TestClient(create_app(server)) as client:
        for route, body in REQUESTS:
            answer = client.post(route, json=body, headers={"x-request-id": "mine"})
            assert answer.status_code == 200, answer.text
        new = {"product_id": "brand new", "features": {"colour": "blue", "price": 4}}
        assert client.post("/v1/products", json=new).status_code == 201
        for route, body in REQUESTS:
            assert client.post(route, json={**body, "top_k": 28}).status_code == 200
        client.post("/v1/similar", json={"product_id": "nothing"})  # 404: not recorded
    recorder.close()
    return path


@pytest.fixture
def one_model(served, monkeypatch):
    """The model that the session has loaded already."""
    monkeypatch.setattr("serving.replay.replaying.warm", lambda model: served)


def test_the_same_answers_bit_for_bit(record, pushed, one_model):
    found = [
        (entry, differences(entry["answer"], answer))
        for entry, answer in Replay(pushed.directory, read_record(record)).answers()
    ]
    assert len(found) == 2 * len(REQUESTS) and [entry["line"] for entry, _ in found if _] == []
    assert {entry["request_id"] for entry, _ in found[: len(REQUESTS)]} == {"mine"}
    late = [item for entry, _ in found[len(REQUESTS) :] for item in entry["answer"]["items"]]
    assert any(item["product_id"] == "brand new" for item in late)


def test_the_record_is_for_its_owner_alone_and_needs_no_database(record):
    assert stat.S_IMODE(record.stat().st_mode) == 0o600
    entry = read_record(record)[1]
    assert entry["readings"]["question"]["query"]["user_id"] == KNOWN
    assert len(entry["readings"]["question"]["query"]["product_ids"]) > 5


def test_a_change_is_found_and_named(record, pushed, one_model):
    entries = read_record(record)
    entry = next(entry for entry in entries if "route" in entry)
    entry["answer"]["items"][2]["score"] += 1e-9
    (_, answer), *_ = Replay(pushed.directory, entries).answers()
    found = differences(entry["answer"], answer)
    assert len(found) == 1 and found[0].startswith("items.2.score: ")


def test_a_reading_that_is_missing_is_named(record, pushed, one_model):
    entries = read_record(record)
    entry = next(entry for entry in entries if "route" in entry)
    entry["readings"].clear()
    (_, answer), *_ = Replay(pushed.directory, entries).answers()
    assert answer == {"error": "`question` was not read when the answer was recorded"}


def test_answers_without_database_or_time_are_replayed_too(
    make_server, make_late_server, pushed, tmp_path, one_model
):
    for number in range(2):
        path = tmp_path / f"{number}.jsonl"
        recorder = Recorder(path)
        extras = Extras(recorder=recorder)
        away = f"sqlite:///{tmp_path}/gone.db"
        server = make_late_server(extras=extras) if number else make_server(url=away, extras=extras)
        with TestClient(create_app(server)) as client:
            body = {"user_id": KNOWN, "context": {"town": "Ulm"}}
            answer = client.post("/v1/recommendations", json=body).json()
            assert answer["fallback"] == ("snapshot", "popular_in_segment")[number]
        recorder.close()
        for entry, found in Replay(pushed.directory, read_record(path)).answers():
            assert differences(entry["answer"], found) == []


def test_a_version_that_is_gone_is_one_clear_line(record, tmp_path):
    with pytest.raises(UserError, match="has no version 1000 any more"):
        Replay(tmp_path, read_record(record))


@pytest.mark.parametrize(
    "line", ["{", "[]", '{"format": 2, "route": "/v1/search"}', '{"format": 1, "route": "/x"}']
)
def test_what_is_not_a_record_is_named_by_its_line(tmp_path, line):
    path = tmp_path / "record"
    path.write_text('{"format": 1, "digest": "x", "products": []}\n' + line + "\n")
    with pytest.raises(UserError, match=r"record:2: not a line that"):
        read_record(path)


def test_a_record_that_cannot_be_written_or_read(tmp_path):
    with pytest.raises(UserError, match="The record cannot be written"):
        Recorder(tmp_path / "nowhere" / "record")
    with pytest.raises(UserError, match="The record cannot be read"):
        read_record(tmp_path / "nothing")


def test_differences_by_hand():
    first = {"items": [{"score": 1.0}], "timings_ms": {"model": 1}, "a": 1}
    second = {"items": [{"score": 1.0}, {}], "timings_ms": {"model": 2}, "b": None}
    assert differences(first, second) == [
        "items: a list of 1 was recorded, a list of 2 found",
        "a: 1 was recorded, nothing found",
        "b: nothing was recorded, null found",
    ]
    assert differences(1, 1.0) == ["answer: 1 was recorded, 1.0 found"]


def test_a_failure_to_read_is_repeated():
    shop = RecordedShop({"failed": ["now"], "product_rows": {"a": {"x": 1}}})
    with pytest.raises(UserError, match="could not be read"):
        shop.now()
    assert shop.product_rows(["a", "b"]) == {"a": {"x": 1}}


def test_the_command_says_what_differs(record, pushed, one_model, tmp_path, capsys):
    from pipeline.commands import replay

    changed = tmp_path / "changed.jsonl"
    lines = record.read_text().splitlines()
    entry = json.loads(lines[1])
    entry["answer"]["items"][0]["reason"] = "because"
    changed.write_text("\n".join([lines[0], json.dumps(entry), *lines[2:]]))

    def run(path, **more):
        settings = [f"push.directory={pushed.directory}"]
        arguments = {"workdir": str(tmp_path), "config": None, "set": settings, "json": False, **more}
        code = replay.execute(SimpleNamespace(record=str(path), **arguments))
        return code, capsys.readouterr().out

    assert run(record) == (0, f"{2 * len(REQUESTS)} answers replayed, 0 differ\n")
    code, text = run(changed)
    assert code == 1 and 'line 2, /v1/recommendations, request mine:\n  items.0.reason: "because" was' in text
    code, text = run(changed, json=True)
    assert code == 1 and json.loads(text)["same"] == 2 * len(REQUESTS) - 1
