"""Whole runs through the real command line; a run costs a minute, so the tests share a few of them."""

from __future__ import annotations

import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT)}
SMALL = """
baselines: {systems: [popularity, item_knn]}
gates: {max_champion_loss: 0.5}
post_ranking: {diversity: 0.0}
split: {ranking_windows: 4}
retrieval: {num_epochs: 12, embedding_dim: 16, hidden_dim: 32, batch_size: 64, num_uniform_negatives: 24,
  learning_rate: 0.01}
ranking: {num_epochs: 12, num_candidates: 24, hidden_dim: 32, batch_size: 16,
  learning_rate: 0.01}
"""
ODD_USERS = {
    "u0": "007",
    "u1": " two  spaces ",
    "u2": 'it\'s "quoted" `so`',
    "u3": "naïve 漢字 😀 e\u0301",
    "u4": "two\nlines",
}
ODD_PRODUCTS = {
    "p0": "0042",
    "p1": " p 1 ",
    "p2": 'O\'Neil "best"',
    "p3": "soufflé ñ 茶 🍵",
    "p4": "first\nsecond",
}


@dataclass(frozen=True)
class Done:
    """A finished call of the command line."""

    code: int
    out: str
    err: str
    seconds: float

    def outcomes(self) -> dict[str, str]:
        """Node -> `ran`, `cached` or `failed`, from the lines of progress."""
        return dict(re.findall(r"^\[ ?\d+/\d+\] (\w+) +(ran|cached|failed)", self.out, re.M))


IMPORTED = (
    "pipeline.cli",
    "pipeline.create_pipeline",
    "tfx.orchestration.local.local_dag_runner",
    "tfx.components.evaluator.executor",
)
"""What commands need the most of."""


def towerline(interpreter, *arguments, **environment) -> Done:
    """Calls the command line, in a process of a warm interpreter, or from the very start if that is None."""
    command = [sys.executable, "-m", "pipeline", *map(str, arguments)]
    started = time.monotonic()
    if interpreter is None:
        whole = {**ENVIRONMENT, **environment}
        done = subprocess.run(command, env=whole, capture_output=True, text=True, check=False)
    else:
        done = interpreter.run(command, environment, ROOT)
    return Done(done.returncode, done.stdout, done.stderr, time.monotonic() - started)


def kill_while_running(node: str, workdir: Path, *arguments) -> None:
    """Starts `towerline run` and kills it and its children as soon as the node is running."""
    logs = workdir / "logs"
    known = set(logs.glob("*.log")) if logs.is_dir() else set()
    command = [sys.executable, "-m", "pipeline", "run", "--workdir", workdir, *arguments]
    process = subprocess.Popen(
        list(map(str, command)),
        env=ENVIRONMENT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        while process.poll() is None:
            new = set(logs.glob("run-*.log")) - known
            if any(f"Component {node} is running." in path.read_text(errors="replace") for path in new):
                break
            time.sleep(0.05)
        time.sleep(0.5)
        assert process.poll() is None, f"the run ended before {node} was seen running"
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def execute(database: Path, *statements) -> None:
    connection = sqlite3.connect(database)
    for statement, *values in statements:
        connection.execute(statement, values)
    connection.commit()
    connection.close()


@pytest.fixture(scope="session")
def run_towerline(warm_interpreter):
    """Calls the command line; only what it does, not its start, takes time."""
    interpreter = warm_interpreter(IMPORTED, ENVIRONMENT)
    yield partial(towerline, interpreter)
    interpreter.close()


@pytest.fixture(scope="session")
def start_towerline():
    """The same in a process of its own from the very start."""
    return partial(towerline, None)


@pytest.fixture(scope="session")
def kill_run():
    return kill_while_running


@pytest.fixture(scope="session")
def change():
    return execute


@pytest.fixture(scope="session")
def odd_users():
    return ODD_USERS


@pytest.fixture(scope="session")
def odd_products():
    return ODD_PRODUCTS


@pytest.fixture(scope="session")
def small(tmp_path_factory) -> Path:
    """A configuration that trains in seconds."""
    path = tmp_path_factory.mktemp("settings") / "small.yaml"
    path.write_text(SMALL)
    return path


@pytest.fixture(scope="session")
def shop(tmp_path_factory, write_checkerboard) -> Path:
    """The checkerboard, with some ids that a careless program would change."""
    path = tmp_path_factory.mktemp("shop") / "shop.db"
    write_checkerboard(path)
    for column, renamed in (("user_id", ODD_USERS), ("product_id", ODD_PRODUCTS)):
        for table in ("events", "users" if column == "user_id" else "products"):
            statement = f"UPDATE {table} SET {column} = ? WHERE {column} = ?"
            execute(path, *((statement, new, old) for old, new in renamed.items()))
    return path


@pytest.fixture(scope="session")
def colours(shop) -> dict[str, dict[str, str]]:
    """Table -> id -> colour: the right answer. Ids of products come out without blanks at their ends."""
    connection = sqlite3.connect(shop)
    products = connection.execute("SELECT product_id, colour FROM products")
    return {
        "users": dict(connection.execute("SELECT user_id, colour_liked FROM users")),
        "products": {product_id.strip(): colour for product_id, colour in products},
    }


@pytest.fixture(scope="session")
def workdir(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("towerline") / "work"


@pytest.fixture(scope="session")
def run_arguments(workdir, shop, small) -> tuple:
    """What runs the pipeline on the shop."""
    return ("run", "--workdir", workdir, "--source", f"sqlite:///{shop}", "--config", small)


@pytest.fixture(scope="session")
def call(run_towerline, run_arguments):
    """Runs the pipeline on the shop once more."""
    return partial(run_towerline, *run_arguments)


@pytest.fixture(scope="session")
def first(start_towerline, run_arguments) -> Done:
    """The first run."""
    done = start_towerline(*run_arguments)
    assert done.code == 0, done.out + done.err
    return done
