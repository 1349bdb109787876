"""Passwords and paths at the edge of the process."""

import os
import stat
from pathlib import Path

import pytest

from pipeline.config.remembered_source import conceal, remember_source, source_of
from pipeline.config.settings import TowerlineConfig
from schema.errors import UserError
from schema.source_settings import PASSWORD_VARIABLE, SourceSettings

URL = "postgresql://reader:p%40ss@db/shop"


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    monkeypatch.setenv(PASSWORD_VARIABLE, "")
    monkeypatch.delenv(PASSWORD_VARIABLE)


def test_the_password_moves_to_the_environment():
    assert conceal(SourceSettings(url=URL)).url == "postgresql://reader:***@db/shop"
    assert os.environ[PASSWORD_VARIABLE] == "p@ss"


@pytest.mark.parametrize(
    ("url", "absolute"),
    [
        ("sqlite:///a/b.db", "sqlite:///{cwd}/a/b.db"),
        ("sqlite:////a/b.db", "sqlite:////a/b.db"),
        ("folder", "{cwd}/folder"),
        ("postgresql://db/shop", "postgresql://db/shop"),
    ],
)
def test_paths_become_absolute(url, absolute, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert conceal(SourceSettings(url=url)).url == absolute.format(cwd=tmp_path)


def test_no_database():
    with pytest.raises(UserError, match="--source"):
        conceal(SourceSettings())


def test_the_last_source_is_remembered_for_its_owner_only(tmp_path, monkeypatch):
    remember_source(conceal(SourceSettings(url=URL, partitions=3)), tmp_path)
    assert stat.S_IMODE((tmp_path / "source.json").stat().st_mode) == 0o600
    monkeypatch.delenv(PASSWORD_VARIABLE)
    found = source_of(TowerlineConfig(), tmp_path)
    assert (found.url, found.partitions) == ("postgresql://reader:***@db/shop", 3)
    assert os.environ[PASSWORD_VARIABLE] == "p@ss"


def test_the_configured_source_goes_before_the_remembered(tmp_path):
    remember_source(SourceSettings(url="/a.db"), tmp_path)
    config = TowerlineConfig(source=SourceSettings(url="/b.db"))
    assert source_of(config, tmp_path).url == "/b.db"


def test_nothing_remembered(tmp_path):
    with pytest.raises(UserError, match="No run has been made"):
        source_of(TowerlineConfig(), Path(tmp_path))
