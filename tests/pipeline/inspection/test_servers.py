"""Every answer is the same from a real PostgreSQL and a real MariaDB as from SQLite; no password is said."""

from __future__ import annotations

import json
import re
from urllib.parse import urlsplit

import pytest

from pipeline import cli
from pipeline.config.settings import MetadataSettings
from pipeline.metadata.connection import connection_config
from pipeline.metadata.location import PASSWORD_VARIABLE, metadata_location
from schema.source import password_of

KINDS = [
    pytest.param("postgres_url", marks=pytest.mark.postgres),
    pytest.param("mysql_url", marks=pytest.mark.mysql),
]


@pytest.fixture(params=KINDS)
def server_url(request, monkeypatch):
    """URL, with its password, of a new database."""
    url = request.getfixturevalue(request.param)
    monkeypatch.setenv(PASSWORD_VARIABLE, "another")
    name = re.sub(r"\W", "_", request.node.name.lower())[:40]
    parts, password = urlsplit(url), password_of(url)
    access = {"host": parts.hostname, "port": parts.port, "user": parts.username, "password": password}
    if request.param == "mysql_url":
        import pymysql

        with pymysql.connect(**access) as connection, connection.cursor() as cursor:
            cursor.execute(f"CREATE DATABASE {name}")
    else:
        import psycopg

        with psycopg.connect(**access, dbname="postgres", autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
    return url.rsplit("/", 1)[0] + f"/{name}"


def without_times(text):
    """Times of executions and artifacts differ; folders do too."""
    text = re.sub(r'"(started|created|seconds|ended)": [\d.]+', "", text)
    return re.sub(r"/[^\"]*?/(artifacts|serving)/", "", text)


COMMANDS = (
    ("runs",),
    ("inspect", "run", "2026-01-02"),
    ("inspect", "node", "2026-01-01", "ProductExampleGen"),
    ("inspect", "artifact", "Pusher.pushed_model"),
    ("inspect", "lineage"),
    ("inspect", "lineage", "--artifact", "ProductExampleGen.examples"),
    ("inspect", "lineage", "--item", "007", "p1"),
    ("inspect", "diff", "2026-01-01", "2026-01-02"),
)


def test_every_answer_is_that_of_a_file(server_url, shared_store, write_to, tmp_path, capsys):
    location = metadata_location(MetadataSettings(url=server_url), tmp_path)
    write_to(tmp_path, location)
    said = ""
    for words in COMMANDS:
        answers = []
        for where in (
            ["--workdir", str(tmp_path), "--set", f"metadata.url={server_url}"],
            ["--workdir", str(shared_store.root)],
        ):
            assert cli.main([*words, "--json", *where]) == 0, words
            out, err = capsys.readouterr()
            json.loads(out)
            answers.append(without_times(out))
            said += out + err
        server, file = answers
        # what a killed run left is going on for all that a server's reader knows
        assert server.replace('"running"', '"killed"') == file.replace('"running"', '"killed"'), words
    page = tmp_path / "r.html"
    where = ["--workdir", str(tmp_path), "--set", f"metadata.url={server_url}"]
    assert cli.main(["report", "2026-01-01", "--output", str(page), *where]) == 0
    said += page.read_text()
    for secret in (password_of(server_url), server_url.split(":")[2].rsplit("@", 1)[0]):
        assert secret not in said


def test_garbage_is_collected_and_recorded(server_url, write_to, tmp_path, capsys):
    store = write_to(tmp_path, metadata_location(MetadataSettings(url=server_url), tmp_path))
    where = ["--workdir", str(tmp_path), "--set", f"metadata.url={server_url}", "--json"]
    (tmp_path / "run.lock").touch()
    assert cli.main(["gc", "--keep", "1", *where]) == 0
    gone = {item["id"] for item in json.loads(capsys.readouterr().out)["removed"]}
    names = {name for name, number in store.ids.items() if number in gone}
    assert names == {
        f"second.{key}" for key in ("anomalies", "model", "evaluation", "blessing", "pushed")
    } | {"third.statistics"}
    assert cli.main(["inspect", "artifact", str(store.ids["second.model"]), *where]) == 0
    assert json.loads(capsys.readouterr().out)["state"] == "DELETED"


@pytest.mark.parametrize("scheme", ["postgresql", "mysql"])
def test_a_server_that_is_not_there_is_one_line(tmp_path, capsys, scheme):
    url = f"{scheme}://reader:s3same@127.0.0.1:9/shop"
    for words in (["runs"], ["inspect", "run"], ["report", "--output", str(tmp_path / "r.html")]):
        assert cli.main([*words, "--workdir", str(tmp_path), "--set", f"metadata.url={url}"]) == 2
        err = capsys.readouterr().err
        assert "ML Metadata cannot be read" in err and err.count("\n") == 1
        assert "s3same" not in err and "reader:***@127.0.0.1" in err


def test_a_server_without_a_store_has_no_runs(server_url, tmp_path, capsys):
    where = ["--workdir", str(tmp_path), "--set", f"metadata.url={server_url}"]
    assert cli.main(["runs", *where]) == 0
    assert "No runs yet in " in capsys.readouterr().out
    assert cli.main(["inspect", "run", *where]) == 2
    assert "holds no run yet" in capsys.readouterr().err


def test_how_mysql_is_reached(monkeypatch):
    monkeypatch.setenv(PASSWORD_VARIABLE, "it's a \\")
    found = connection_config("mysql://u%40v:***@h/d").mysql
    assert (found.host, found.port, found.user, found.database) == ("h", 3306, "u@v", "d")
    assert found.password == "it's a \\" and found.skip_db_creation
