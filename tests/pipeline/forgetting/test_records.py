"""Requests are taken out of a record, also while a server writes to it."""

from pathlib import Path

import pytest

from pipeline.forgetting.records import clean_record, remember_record, remembered_records
from schema.errors import UserError
from serving.recommend.requests import RecommendationRequest
from serving.replay.recording import Offer, Recorder
from serving.replay.replaying import read_record

OFFER = Offer([], None)


def record(recorder, user_id, readings=None):
    request = RecommendationRequest(user_id=user_id)
    answer = {"model_version": "1", "user_id": user_id}
    recorder.write("/v1/recommendations", "r", request, readings or {}, OFFER, answer)


def asked(path):
    return [entry["request"]["user_id"] for entry in read_record(path) if "request" in entry]


def test_requests_of_a_user_are_gone_and_the_server_writes_on(tmp_path):
    path = tmp_path / "requests.jsonl"
    recorder = Recorder(path)
    for user_id in ("1004", "7", "1004.0", "10041"):
        record(recorder, user_id)
    assert clean_record(path, {"1004"}) == 2
    assert asked(path) == ["7", "10041"]
    assert path.stat().st_mode & 0o777 == 0o600
    record(recorder, "8")
    assert asked(path) == ["7", "10041", "8"]
    assert clean_record(path, {"1004"}) == 0
    path.unlink()
    record(recorder, "9")
    assert '"9"' in path.read_text()
    recorder.close()


def test_what_the_database_said_of_a_user_goes_too(tmp_path):
    path = tmp_path / "requests.jsonl"
    recorder = Recorder(path)
    record(recorder, "7", {"question": {"query": {"user_id": "1004"}, "known": True}})
    with path.open("a") as file:
        file.write('{"format": 1, "request": {"user_id": "10')  # a server was killed
    assert clean_record(path, {"1004"}) == 2
    assert asked(path) == []


def test_records_are_remembered_once(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    work = tmp_path / "work"
    assert remembered_records(work) == []
    for name in ("a.jsonl", "b.jsonl", "a.jsonl"):
        remember_record(work, Path(name))
    assert remembered_records(work) == [tmp_path / "a.jsonl", tmp_path / "b.jsonl"]
    assert clean_record(tmp_path / "a.jsonl", {"1"}) == 0 and not (tmp_path / "a.jsonl").exists()


def test_a_record_that_cannot_be_written_is_named(tmp_path):
    with pytest.raises(UserError, match="cannot be written"):
        Recorder(tmp_path / "no folder" / "requests.jsonl")
