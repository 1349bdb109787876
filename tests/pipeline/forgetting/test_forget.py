"""`towerline forget` in a work directory without a run."""

import json

import pytest

from pipeline import cli
from pipeline.config.forgotten_users import forget_users, with_forgotten
from schema.errors import UserError
from schema.source.forgotten import KEY_VARIABLE
from schema.source_settings import SourceSettings


@pytest.fixture(autouse=True)
def _no_key(monkeypatch):
    monkeypatch.setenv(KEY_VARIABLE, "")
    monkeypatch.delenv(KEY_VARIABLE)


def forget(workdir, capsys, *users):
    arguments = [part for user in users for part in ("--user", user)]
    code = cli.main(["forget", "--workdir", str(workdir), *arguments, "--json"])
    out, error = capsys.readouterr()
    return code, json.loads(out) if out else None, error


def test_twice_is_as_once(tmp_path, capsys):
    code, first, _ = forget(tmp_path, capsys, "1004", "größe 日本")
    assert code == 0 and list(first["users"].values()) == [True, True]
    _, second, _ = forget(tmp_path, capsys, " 1004.0 ")
    assert list(second["users"].items()) == [(next(iter(first["users"])), False)]
    written = json.loads((tmp_path / "forgotten" / "list.json").read_text())
    assert [user["hash"] for user in written["users"]] == list(first["users"])
    for path in (tmp_path / "forgotten").rglob("*"):
        assert path.is_dir() or ("1004" not in path.read_text() and "größe" not in path.read_text())
    assert (tmp_path / "forgotten" / "key").stat().st_mode & 0o777 == 0o600


def test_the_list_reaches_whoever_reads_the_database(tmp_path, monkeypatch):
    settings = SourceSettings(url="sqlite:///shop.db")
    assert with_forgotten(settings, tmp_path) == settings
    hashes = forget_users(tmp_path, ["1004"])
    assert with_forgotten(settings, tmp_path).forgotten == tuple(hashes)
    key = (tmp_path / "forgotten" / "key").read_text().strip()
    monkeypatch.setenv(KEY_VARIABLE, key)
    (tmp_path / "forgotten" / "key").unlink()  # kept elsewhere, and given to the process
    assert with_forgotten(settings, tmp_path).forgotten == tuple(hashes)
    assert forget_users(tmp_path, ["1004"]) == dict.fromkeys(hashes, False)
    assert not (tmp_path / "forgotten" / "key").exists()
    monkeypatch.delenv(KEY_VARIABLE)
    for call in (lambda: with_forgotten(settings, tmp_path), lambda: forget_users(tmp_path, ["7"])):
        with pytest.raises(UserError, match="the key by which they are known is missing"):
            call()


def test_mistakes_are_one_line(tmp_path, capsys):
    code, _, error = forget(tmp_path, capsys, " ")
    assert code == 2 and "`--user` must name a user" in error
    code, _, error = forget(tmp_path / "nowhere", capsys, "1004")
    assert code == 2 and "There is no work directory" in error and len(error.splitlines()) == 1
    assert not (tmp_path / "nowhere").exists()
