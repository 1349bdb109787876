"""An empty database of any kind for a test, and the samples to fill it."""

from __future__ import annotations

import importlib.util
import itertools
import sys
from pathlib import Path

import pytest

from schema.source import mask_url, password_of


def _load(name: str):
    spec = importlib.util.spec_from_file_location(
        f"towerline_init_{name}", Path(__file__).with_name(f"{name}.py")
    )
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


_samples = _load("samples")
_shops = _load("shops")
_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def samples():
    """The module of sample databases."""
    return _samples


@pytest.fixture(scope="session")
def shops():
    """The module of shop systems."""
    return _shops


@pytest.fixture(scope="module")
def empty_database(request, tmp_path_factory):
    """`empty_database(dialect)` gives the URL of a new database of its own."""

    def make(dialect: str) -> str:
        name = f"init_{next(_numbers)}"
        if dialect == "sqlite":
            return f"sqlite:///{tmp_path_factory.mktemp(name) / 'shop.db'}"
        from sqlalchemy import create_engine

        server = request.getfixturevalue({"postgresql": "postgres_url", "mysql": "mysql_url"}[dialect])
        driver = server.replace("postgresql:", "postgresql+psycopg:").replace("mysql:", "mysql+pymysql:")
        engine = create_engine(driver, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            tail = " CHARACTER SET utf8mb4" if dialect == "mysql" else ""
            connection.exec_driver_sql(f"CREATE DATABASE {name}{tail}")
        engine.dispose()
        return f"{server.rsplit('/', 1)[0]}/{name}"

    return make


@pytest.fixture(scope="module")
def mapped(tmp_path_factory):
    """`mapped(url, *arguments)` runs `init` and `schema freeze`: the text of the file, the open source."""
    from pipeline import cli
    from pipeline.config.loading import load_config
    from pipeline.config.remembered_source import conceal, open_concealed
    from schema.source_settings import PASSWORD_VARIABLE

    opened = []
    with pytest.MonkeyPatch.context() as environment:

        def run(url: str, *arguments: str):
            folder = tmp_path_factory.mktemp("mapped")
            output = folder / "towerline.yaml"
            assert cli.main(["init", "--source", url, "--output", str(output), *arguments]) == 0
            if password_of(url) is not None:
                assert mask_url(url) in output.read_text()
                environment.setenv(PASSWORD_VARIABLE, password_of(url))
            common = ["--config", str(output), "--workdir", str(folder / "work")]
            assert cli.main(["schema", "freeze", *common]) == 0
            config = load_config(cli.build_parser().parse_args(["doctor", *common]))
            opened.append(open_concealed(conceal(config.source)))
            return output.read_text(), opened[-1]

        yield run
    for source in opened:
        source.close()
