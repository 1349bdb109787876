"""A running server knows nothing of a user from the moment he is forgotten."""

import json
import shutil
import time

import pytest
from starlette.testclient import TestClient

from pipeline.config.forgotten_users import forget_users, forgotten_folder, known_forgotten
from pipeline.forgetting.cleaning import clean_pushed
from schema.errors import UserError
from serving.database.forgotten_users import ForgottenUsers
from serving.http.app import create_app
from serving.http.extras import Extras
from serving.model.histories import Histories
from serving.recommend.fallback import popular_answer
from serving.recommend.recommending import Recommending
from serving.recommend.requests import RecommendationRequest
from serving.replay.recording import Recorder

GONE, OTHER = "u5", "u6"
PERIOD = 0.06


@pytest.fixture
def running(make_server, served, tmp_path):
    """A server, its client, and what forgets a user in its work directory."""
    recorder = Recorder(tmp_path / "requests.jsonl")
    users = ForgottenUsers(forgotten_folder(tmp_path), PERIOD)
    server = make_server(extras=Extras(recorder=recorder, forgotten=users))
    with TestClient(create_app(server)) as client:
        yield server, client, tmp_path
    served.histories.forgotten = frozenset()  # the model is shared
    recorder.close()


def ask(client, user_id):
    answer = client.post("/v1/recommendations", json={"user_id": user_id, "top_k": 10})
    assert answer.status_code == 200
    return answer.json()


def products(answer):
    return [item["product_id"] for item in answer["items"]]


def test_he_is_a_stranger_from_then_on(running):
    _, client, workdir = running
    stranger = products(ask(client, "nobody of that name"))
    before = ask(client, GONE)
    assert before["known_user"] and products(before) != stranger
    forget_users(workdir, [GONE])
    time.sleep(PERIOD)
    after = ask(client, f" {GONE} ")
    assert not after["known_user"] and products(after) == stranger
    assert client.get(f"/v1/users/{GONE}").status_code == 404
    assert GONE not in client.get("/v1/users", params={"prefix": "u", "limit": 100}).json()["users"]
    assert ask(client, OTHER)["known_user"]
    recorded = (workdir / "requests.jsonl").read_text()
    entries = [json.loads(line) for line in recorded.splitlines()]
    told = [entry["request"]["user_id"] for entry in entries if "request" in entry]
    assert told == ["nobody of that name", GONE, OTHER]  # what came before; `forget` takes it out


def test_a_history_of_his_own_does_not_bring_his_id_to_the_model(running, served, monkeypatch):
    server, client, workdir = running
    asked = []
    answer = type(served.model).answer

    def heard(model, signature, inputs):
        asked.append(inputs["user_id"].tolist())
        return answer(model, signature, inputs)

    monkeypatch.setattr(type(served.model), "answer", heard)
    history = [{"product_id": "p3", "occurred_at": 1_700_000_000}]

    def ask_with_history(user_id):
        told = client.post("/v1/recommendations", json={"user_id": user_id, "history": history})
        assert told.status_code == 200
        return told.json()

    ask_with_history(GONE)
    assert asked[-1] == [GONE.encode()]
    forget_users(workdir, [GONE])
    time.sleep(PERIOD)
    after = ask_with_history(f" {GONE} ")
    assert asked[-1] == [b""]
    assert products(after) == products(ask_with_history("nobody of that name"))
    server.shop.open_source = _away  # the snapshot stands in
    server.shop.now = _away
    assert ask_with_history(GONE)["fallback"] == "snapshot"
    assert asked[-1] == [b""]


def _away():
    raise UserError("the database is away")


def test_the_snapshot_does_not_stand_in_for_him(running, served):
    *_, workdir = running
    assert served.histories.question(GONE, served.model.features, 10)[1]
    forget_users(workdir, [GONE])
    time.sleep(PERIOD)
    query, known = served.histories.question(GONE, served.model.features, 10)
    assert not known and not query.product_ids and not query.features
    request = RecommendationRequest(user_id=GONE, exclude_purchased=True)
    stranger = RecommendationRequest(user_id="nobody of that name", exclude_purchased=True)
    assert popular_answer(request, served)["items"] == popular_answer(stranger, served)["items"]


def test_a_server_that_starts_later_knows_at_once(make_server, tmp_path, served):
    forget_users(tmp_path, [GONE])
    server = make_server(extras=Extras(forgotten=ForgottenUsers(forgotten_folder(tmp_path), 60)))
    request = RecommendationRequest(user_id=GONE)
    assert not Recommending(server.shop, server.new_products).answer(request, served)["known_user"]
    served.histories.forgotten = frozenset()


def test_a_damaged_list_changes_nothing_and_is_told(running, caplog):
    _, client, workdir = running
    forget_users(workdir, [GONE])
    time.sleep(PERIOD)
    assert not ask(client, GONE)["known_user"]
    (workdir / "forgotten" / "list.json").write_text("{")
    time.sleep(PERIOD)
    assert not ask(client, GONE)["known_user"]
    assert "the list of forgotten users cannot be read" in caplog.text


def test_a_pushed_model_loses_his_row_and_his_word(pushed, tmp_path):
    folder = tmp_path / "serving" / "1000"
    shutil.copytree(pushed.model, folder)
    shutil.copytree(pushed.model, tmp_path / "serving" / ".evaluated" / "1000")
    vocabulary = (folder / "assets" / "user_id").read_text().split("\n")
    whole = Histories(folder).users("", 1000)
    assert GONE in whole and GONE in vocabulary
    files = ["assets.extra/histories/users.arrow", "assets/user_id"]
    assert clean_pushed(tmp_path / "serving", known_forgotten(tmp_path)) == {"1000": []}
    forget_users(tmp_path, [GONE])
    changed = clean_pushed(tmp_path / "serving", known_forgotten(tmp_path))
    assert changed == {"1000": [*files, *(f".evaluated/{name}" for name in files)]}
    assert clean_pushed(tmp_path / "serving", known_forgotten(tmp_path)) == {"1000": []}
    left = Histories(folder)
    assert left.users("", 1000) == [name for name in whole if name != GONE]
    assert left.now() == Histories(pushed.directory / "1000").now()
    after = (folder / "assets" / "user_id").read_text().split("\n")
    place = vocabulary.index(GONE)
    assert after[:place] + after[place + 1 :] == vocabulary[:place] + vocabulary[place + 1 :]
    assert after[place].startswith("forgotten-")
    forget_users(tmp_path, whole)
    assert clean_pushed(tmp_path / "serving", known_forgotten(tmp_path))["1000"]
    assert Histories(folder).users("", 1000) == []


def test_the_log_of_requests_names_no_user(running, caplog):
    _, client, _ = running
    with caplog.at_level("INFO", "towerline.access"):
        client.get(f"/v1/users/{OTHER}")
    assert '"/v1/users/…"' in caplog.text and OTHER not in caplog.text
