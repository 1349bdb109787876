"""`towerline recommend` on a stand-in for the pushed model and a real database."""

import json
import os
import sqlite3
import subprocess
import sys

import pyarrow.parquet as pq
import pytest

from pipeline.cli import main
from pipeline.commands.recommend import read_user_ids
from schema.errors import UserError


@pytest.fixture
def shop(tmp_path, write_checkerboard):
    url = write_checkerboard(tmp_path / "shop.db")
    connection = sqlite3.connect(tmp_path / "shop.db")
    connection.execute(
        "INSERT INTO events (user_id, product_id, occurred_at) VALUES ('na ïve', 'p3', '2023-11-14')"
    )
    connection.commit()
    return url


@pytest.fixture
def recommend(workdir, capsys):
    """The command in this process, in which TensorFlow is loaded: the lines of stdout."""

    def call(*arguments):
        assert main(["recommend", "--workdir", str(workdir), *arguments]) == 0
        return capsys.readouterr().out

    return call


def start(workdir, *arguments):
    """The command from its very start, which must not bring TFX with it."""
    code = (
        "import sys; from pipeline.cli import main; code = main(sys.argv[1:]); "
        "sys.exit(90 if {'tfx', 'apache_beam', 'ml_metadata'} & set(sys.modules) else code)"
    )
    return subprocess.run(
        [sys.executable, "-c", code, "recommend", "--workdir", str(workdir), *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ},
    )


def test_one_known_user(workdir, shop):
    done = start(workdir, "--source", shop, "--user", "na ïve", "--top-k", "5", "--json")
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert (answer["user_id"], answer["model_version"], answer["known_user"]) == ("na ïve", "9", True)
    assert [item["rank"] for item in answer["items"]] == [1, 2, 3, 4, 5]
    assert [item["product_id"] for item in answer["items"]] == ["p0", "p1", "p2", "p3", "p4"]
    item = answer["items"][3]
    assert item["source"] == "own_history" and item["reason"].startswith("bought once")


def test_the_users_features_reach_the_model(recommend, shop):
    items = json.loads(recommend("--source", shop, "--user", "u1", "--top-k", "20", "--json"))["items"]
    assert {item["source"] for item in items} == {"own_history", "blue"}


def test_an_unknown_user_gets_an_answer_in_words(workdir, shop):
    done = start(workdir, "--source", shop, "--user", "nobody")
    assert (done.returncode, done.stderr) == (0, "")
    assert "not seen before" in done.stdout and "p9" in done.stdout
    assert "blue thing number 9" in done.stdout


def test_a_list_is_no_longer_than_the_catalogue(recommend, shop):
    answer = recommend("--source", shop, "--user", "u1", "--top-k", "30", "--json")
    assert len(json.loads(answer)["items"]) == 20


def test_a_file_of_users(recommend, shop, tmp_path):
    ids = [*(f"u{number}" for number in range(60)), "na ïve", *(f"new {number}" for number in range(300))]
    (tmp_path / "ids.txt").write_text("\n".join([*ids, "", "u1"]), encoding="utf-8")
    output = tmp_path / "out.parquet"
    arguments = ("--users", str(tmp_path / "ids.txt"), "--top-k", "3", "--output", str(output))
    answer = recommend("--source", shop, *arguments, "--exclude-purchased", "--json")
    assert json.loads(answer)["known_users"] == 61
    table = pq.read_table(output)
    assert table.column_names == ["user_id", "rank", "product_id", "score", "source"]
    assert table["user_id"].to_pylist() == [user for user in ids for _ in range(3)]
    assert table["rank"].to_pylist() == [1, 2, 3] * len(ids)
    assert set(table["source"].to_pylist()) == {"popular", "own_history"}
    assert [path.name for path in tmp_path.iterdir() if "partial" in path.name] == []


@pytest.mark.parametrize(
    ("content", "match"), [(b"\n\n", "names nobody"), (b"\xff\xfe", "no UTF-8"), (None, "cannot be read")]
)
def test_wrong_files_of_users(tmp_path, content, match):
    path = tmp_path / "ids.txt"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UserError, match=match):
        read_user_ids(str(path))


def test_ids_keep_their_spaces(tmp_path):
    (tmp_path / "ids.txt").write_bytes(b" a \r\n007\r\n\xe2\x80\xa8x\n")
    assert read_user_ids(str(tmp_path / "ids.txt")) == [" a ", "007", "\u2028x"]
