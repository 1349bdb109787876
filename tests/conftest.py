"""Fixtures that several packages use; nothing heavy is imported here."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest


def _load(name: str):
    """Imports a helper beside this file without putting the folder of tests on the path."""
    spec = importlib.util.spec_from_file_location(f"towerline_{name}", Path(__file__).with_name(f"{name}.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


_write_checkerboard = _load("checkerboard").write_checkerboard
_browser = _load("browser")
_tf_examples = _load("tf_examples")
_servers = _load("servers")
_transforming = _load("transforming")
_trained_shop = _load("trained_shop")
_pod_security = _load("pod_security")


@pytest.fixture(scope="session")
def warm_interpreter() -> Callable[..., Any]:
    """`warm_interpreter(imported, environment)`: starts `python -m …` with these imports done."""
    return _load("warm").WarmInterpreter


@pytest.fixture(scope="session")
def serialized_example() -> Callable[[dict[str, list[Any]]], bytes]:
    """Name -> values as the bytes of a tf.Example."""
    return _tf_examples.serialized


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
    """URL, with a password, of an empty database of MariaDB or MySQL; skips where none is installed."""
    with _servers.mysql_server() as url:
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
def plain_shop(tmp_path_factory: pytest.TempPathFactory):
    """The same without columns for whose sake the kernel would ask the session for vectors."""
    return _trained_shop.train_shop(tmp_path_factory.mktemp("plain"), _transforming, sets=False)


@pytest.fixture(scope="session")
def assemble(trained_shop, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Any]:
    """`assemble(**post_ranking)`: the model of the small shop, pushed with these settings, made once."""
    return _assembling_of(trained_shop, tmp_path_factory)


@pytest.fixture(scope="session")
def assemble_plain(plain_shop, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Any]:
    """The same of the plain shop."""
    return _assembling_of(plain_shop, tmp_path_factory)


def _assembling_of(shop, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Any]:
    assembling, made = _load("assembling"), {}

    def model(**settings):
        key = json.dumps(assembling.own_settings(shop) | settings, sort_keys=True)
        if key not in made:
            made[key] = assembling.push(shop, tmp_path_factory.mktemp("assembled"), **settings)
        return made[key]

    return model


@pytest.fixture(scope="session")
def with_rules(assemble_plain, built_kernel):
    """The folder of a version of the plain shop whose lists the kernel and `finish` make together."""
    rules = [
        {"action": "boost", "amount": 0.5, "where": {"colour": "red"}},
        {"action": "never", "where": {"price": {"below": 5}}},
        {"action": "only", "where": {"colour": "red"}, "users": {"town": "Ulm"}, "name": "red for Ulm"},
        {"action": "at_most", "of": "colour", "count": 6},
        {"action": "pin", "position": 2, "where": {"product_id": "p9"}, "name": "the offer"},
    ]
    settings = {"calibration": 0.3, "exploration": 0.2, "freshness_boost": 0.5, "diversity": 0.2}
    return assemble_plain(rules=rules, cold_start="segment", **settings).folder


@pytest.fixture(scope="session")
def prepared_shop(trained_shop):
    """What models of the small shop are composed of."""
    return _load("assembling").prepare(trained_shop)


@pytest.fixture(scope="session")
def compose(trained_shop, prepared_shop) -> Callable[..., Any]:
    """`compose(**post_ranking)`: the same as a module in memory, in a fraction of the time."""
    return lambda **settings: _load("assembling").compose(trained_shop, prepared_shop, **settings)


@pytest.fixture(scope="session")
def write_model(trained_shop, prepared_shop) -> Callable[..., Any]:
    """`write_model(folder, **post_ranking)`: the same, pushed with the signatures of lists alone."""
    return lambda folder, **settings: _load("assembling").write(
        trained_shop, prepared_shop, folder, **settings
    )


@pytest.fixture(scope="session")
def built_kernel():
    """The kernel, built where set-up has not done it."""
    from kernel.building import main
    from kernel.library import Library

    main()
    return Library()


@pytest.fixture(scope="session")
def pod_security():
    """`violations(pod)` says what Pod Security `restricted` would refuse in the spec of a pod."""
    return _pod_security


@pytest.fixture(scope="session")
def small_ranker():
    """`build(seed, **settings)` gives a small ranker, `batch(size, width, seed)` lists that it can learn."""
    return _load("small_ranker")


_EXPENSIVE = ("run_towerline", "emulator", "plain_shop", "trained_shop", "shared_store", "direct_evaluation")
"""Fixtures for the whole session that take long to make; what takes longest begins first."""
_APART = "tests/benchmarks/zoo/test_small_shops.py"
"""Tests of minutes each that share nothing; they come after those that share."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes longest begins first; with `--dist loadgroup` a process has all that shares a fixture."""
    shared: dict[str, str] = {}
    for name in reversed(_EXPENSIVE):
        shared |= {_module(item): name for item in items if name in getattr(item, "fixturenames", ())}
    order = [*_EXPENSIVE, _APART]

    def rank(item: pytest.Item) -> int:
        found = shared.get(_module(item), _module(item))
        return order.index(found) if found in order else len(order)

    for item in items:
        group = item.callspec.id if _module(item) == _APART else shared.get(_module(item), _module(item))
        item.add_marker(pytest.mark.xdist_group(group))
    items.sort(key=rank)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Stops where groups are asked for and do nothing: each process would make all that is shared.

    Raises:
        pytest.UsageError: The ids do not carry the groups.
    """
    grouped = getattr(session.config.option, "loadgroup", False)
    if grouped and any("@" not in item.nodeid for item in session.items):
        raise pytest.UsageError(
            "`--dist loadgroup` does not group the tests: this pytest and this pytest-xdist do not fit. "
            "Remedy: install requirements/requirements.lock."
        )


def _module(item: pytest.Item) -> str:
    return item.nodeid.partition("::")[0]
