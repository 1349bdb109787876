"""The databases, filled on real servers."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from schema.errors import UserError

_TESTS: Final = Path(__file__).parents[2] / "tests"
_SERVERS: Final = {"postgresql": "postgres_server", "mysql": "mysql_server"}


def load(path: str, **constants: Any) -> ModuleType:
    """Runs a module of the tests, with constants that it looks for.

    Raises:
        FileNotFoundError: There are no tests beside the package.
    """
    file = _TESTS / path
    if not file.is_file():
        raise FileNotFoundError(
            f"The databases are made by the tests. Received: no {file}. Remedy: run this in a checkout."
        )
    spec = importlib.util.spec_from_file_location(f"towerline_first_runs_{file.stem}", file)
    if spec is None or spec.loader is None:
        raise ImportError(f"{file} cannot be loaded.")
    module = importlib.util.module_from_spec(spec)
    vars(module).update(constants)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def described(scale: int) -> dict[str, Any]:
    """Name -> a function that describes the database: its dialect, statements, rows and counts.

    Args:
        scale: How many times as many orders as in the tests.
    """
    samples, shops = load("pipeline/init/samples.py"), load("pipeline/init/shops.py", SCALE=scale)
    small = ("sakila", "pagila", "chinook", "northwind", "classicmodels", "adventureworks", "foodmart")
    found = {name: lambda name=name: samples.SAMPLES[name](scale) for name in small}
    return {**found, **shops.SHOPS}


@contextmanager
def filled_databases(wanted: Mapping[str, Any], folder: Path) -> Iterator[Iterator[tuple[str, Any, str]]]:
    """Yields name, description and URL of one filled database after the other.

    Args:
        wanted: From `described`.
        folder: For the files of SQLite.

    Raises:
        UserError: A database needs a server that is not installed.
    """
    fill = load("pipeline/init/samples.py").fill
    servers = load("servers.py")
    found = {name: describe() for name, describe in wanted.items()}
    with ExitStack() as stack:
        running = {
            dialect: _started(getattr(servers, _SERVERS[dialect]), stack)
            for dialect in sorted({database.dialect for database in found.values()} & set(_SERVERS))
        }

        def each() -> Iterator[tuple[str, Any, str]]:
            for name, database in found.items():
                url = _new_database(running.get(database.dialect), name, folder)
                fill(url, database)
                yield name, database, url

        yield each()


def _started(server: Callable[[], AbstractContextManager[str]], stack: ExitStack) -> str:
    """The URL of a server that runs until the stack ends."""
    import pytest  # with which the tests, that start the servers, say what is missing

    try:
        return stack.enter_context(server())
    except pytest.skip.Exception as error:
        raise UserError(f"{error}. Remedy: install it, or name databases without it by `--only`.") from None


def _new_database(server: str | None, name: str, folder: Path) -> str:
    """The URL of an empty database of its own."""
    if server is None:
        return f"sqlite:///{folder / f'{name}.db'}"
    from sqlalchemy import create_engine

    driver = server.replace("postgresql:", "postgresql+psycopg:").replace("mysql:", "mysql+pymysql:")
    engine = create_engine(driver, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        tail = " CHARACTER SET utf8mb4" if driver.startswith("mysql") else ""
        connection.exec_driver_sql(f"CREATE DATABASE first_{name}{tail}")
    engine.dispose()
    return f"{server.rsplit('/', 1)[0]}/first_{name}"
