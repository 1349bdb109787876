"""Fixtures that several packages use; nothing heavy is imported here."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest


def _load(name: str):
    """Imports a helper beside this file without putting the folder of tests on the path."""
    spec = importlib.util.spec_from_file_location(f"towerline_{name}", Path(__file__).with_name(f"{name}.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


_write_checkerboard = _load("checkerboard").write_checkerboard
_browser = _load("browser")
_servers = _load("servers")
_transforming = _load("transforming")
_trained_shop = _load("trained_shop")


@pytest.fixture(scope="session")
def write_checkerboard() -> Callable[..., str]:
    """The writer, for tests that want other sizes: `write_checkerboard(path, num_users=...)` -> URL."""
    return _write_checkerboard


@pytest.fixture(scope="session")
def checkerboard_url(tmp_path_factory: pytest.TempPathFactory) -> str:
    """URL of a SQLite database in which users buy products of their own colour only. Read-only, please."""
    return _write_checkerboard(tmp_path_factory.mktemp("checkerboard") / "shop.db")


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """URL, with a password, of an empty PostgreSQL database; a real server, started for the session."""
    with _servers.postgres_server() as url:
        yield url


@pytest.fixture(scope="session")
def mysql_url() -> Iterator[str]:
    """URL, with a password, of an empty MariaDB database; skips where no server is installed."""
    with _servers.mariadb_server() as url:
        yield url


@pytest.fixture(scope="session")
def browser():
    """A headless Chromium, started for the session (`with browser.page(...) as page`); skips without one."""
    with _browser.chromium() as running:
        yield running


@pytest.fixture(scope="session")
def transform_rows() -> Callable[..., tuple]:
    """`transform_rows(directory, features, splits, analysed)` -> transform output, reader of a split."""

    def run(directory: Path, features, splits: dict[str, list[dict]], analysed: tuple[str, ...]) -> tuple:
        output = _transforming.transform_rows(directory, features, splits, analysed)
        return output, lambda split: _transforming.read_transformed(directory, split)

    return run


@pytest.fixture(scope="session")
def trained_shop(tmp_path_factory: pytest.TempPathFactory):
    """A small shop taken through all nodes that make the served model, with the paths of their outputs."""
    return _trained_shop.train_shop(tmp_path_factory.mktemp("trained"), _transforming)


@pytest.fixture(scope="session")
def small_ranker():
    """`build(seed, **settings)` gives a small ranker, `batch(size, width, seed)` lists that it can learn."""
    return _load("small_ranker")
