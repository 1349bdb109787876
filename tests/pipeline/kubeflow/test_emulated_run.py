"""Whole runs from the compiled YAML: completed and pushed, a killed node tried again."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
import zipfile
from collections import Counter
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.postgres, pytest.mark.timeout(2400)]

ROOT = Path(__file__).parents[3]
SMALL = """
gates: {worst_champion_loss: 0.5}
retrieval: {num_epochs: 6, embedding_dim: 16, hidden_dim: 32, batch_size: 64, num_uniform_negatives: 24,
  learning_rate: 0.01}
ranking: {num_epochs: 6, num_candidates: 24, hidden_dim: 32, batch_size: 16, learning_rate: 0.01}
split: {ranking_windows: 4}
"""
KILLED = "candidate-indexer"


@pytest.fixture(scope="module")
def image(tmp_path_factory):
    """What the image brings: the interpreter with the locked packages, and our wheel unpacked."""
    folder = tmp_path_factory.mktemp("image")
    source = folder / "source"
    source.mkdir()
    packages = ("pipeline", "serving", "benchmarks", "components", "transform", "trainer", "schema")
    for name in ("setup.py", "pyproject.toml", "requirements.in", "README.md", *packages):
        (source / name).symlink_to(ROOT / name)
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, source]
    subprocess.run(list(map(str, command)), check=True, capture_output=True)
    site = folder / "site"
    zipfile.ZipFile(next(folder.glob("*.whl"))).extractall(site)
    binaries = folder / "bin"
    binaries.mkdir()
    python = binaries / "python"
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    return {"PATH": f"{binaries}:/usr/bin:/bin", "PYTHONPATH": str(site), "HOME": str(folder)}


@pytest.fixture(scope="module")
def metadata_store(postgres_url):
    """URL without password, and the password, of an empty database on a real PostgreSQL server."""
    import psycopg

    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute("CREATE DATABASE metadata")
    netloc = urlsplit(postgres_url).netloc
    password = netloc.split(":")[1].split("@")[0]
    return f"postgresql://{netloc.replace(password, '***')}/metadata", unquote(password)


@pytest.fixture(scope="module")
def volume(tmp_path_factory):
    return tmp_path_factory.mktemp("volume") / "pipeline"


@pytest.fixture(scope="module")
def cluster(emulator, compile_kubeflow, metadata_store, volume, image, tmp_path_factory):
    config = tmp_path_factory.mktemp("config") / "small.yaml"
    config.write_text(SMALL)
    url, password = metadata_store
    done, document = compile_kubeflow("--config", config, "--metadata-url", url, root=volume)
    assert done.returncode == 0, done.stderr
    assert password not in document.read_text()
    secrets = {"towerline": {"metadata-password": password}}
    return emulator.Emulator(document, image, secrets)


def kill_once(pod):
    """Kills the first pod of a task as soon as its executor works."""
    if pod.task != KILLED or pod.attempt > 1:
        return

    def wait_and_kill():
        while pod.process.poll() is None:
            if "Going to run a new execution:" in pod.text():
                time.sleep(0.5)
                pod.kill()
                return
            time.sleep(0.05)

    threading.Thread(target=wait_and_kill, daemon=True).start()


@pytest.fixture(scope="module")
def first(cluster, checkerboard_url, tmp_path_factory):
    logs = tmp_path_factory.mktemp("first") / "logs"
    return cluster.run("run-1", {"source": checkerboard_url, "seed": 7}, logs, kill_once)


def failures(finished):
    failed = [name for name, state in finished.states.items() if state == "FAILED"]
    return "\n".join(finished.of(name)[-1].text()[-3000:] for name in failed)


def test_first_run_completes_and_pushes(first, volume):
    assert set(first.states.values()) == {"SUCCEEDED"}, failures(first)
    assert len(first.states) == 24
    pushed = [path for path in (volume / "serving").iterdir() if path.name.isdigit()]
    assert len(pushed) == 1 and (pushed[0] / "saved_model.pb").is_file()
    assert str(pushed[0]) in first.of("outcome")[0].text()


def test_independent_nodes_run_side_by_side(first):
    assert first.side_by_side()


def test_a_killed_node_is_tried_again(first):
    killed, again = first.of(KILLED)
    assert killed.process.returncode == -9 and again.process.returncode == 0
    assert "Removing what an earlier attempt left" in again.text()
    others = Counter(pod.task for pod in first.pods if pod.task != KILLED)
    assert set(others.values()) == {1}


def test_run_parameters_reach_the_plan(first, volume):
    from pipeline.plan import RunPlan

    plan = RunPlan.from_json((volume / "runs" / "run-1" / "plan.json").read_text())
    assert plan.config.seed == 7
    assert plan.config.retrieval.embedding_dim == 16 and plan.config.gates.worst_champion_loss == 0.5
