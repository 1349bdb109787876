"""Whole runs from the compiled YAML: two at once, one with a node killed, and a repetition from the cache."""

from __future__ import annotations

import concurrent.futures
import re
import subprocess
import sys
import threading
import time
import zipfile
from collections import Counter
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.postgres, pytest.mark.timeout(4800)]

ROOT = Path(__file__).parents[3]
SMALL = """
baselines: {systems: [popularity]}
fallback: "off"
gates: {against_popularity: "off", min_auc: 0}
preranking: {num_epochs: 1}
retrieval: {num_epochs: 2, embedding_dim: 8, hidden_dim: 8, batch_size: 64, num_uniform_negatives: 8}
ranking: {num_epochs: 1, num_candidates: 12, hidden_dim: 8, batch_size: 32}
split: {ranking_windows: 2}
"""
KILLED = "candidate-indexer"
PARTED = "retrieval-trainer"
"""The first node that has a seed."""
IMPORTED = (
    "pipeline.kubeflow.light_tfx:use_light_tfx",
    "tfx.orchestration.portable.launcher",
    "tensorflow",
    "apache_beam",
    "tfx.components.trainer.executor",
)
"""What containers of nodes import first."""
PUSHED, REFUSED, REPEATED = "run-1", "run-2", "run-3"


@pytest.fixture(scope="module")
def image(tmp_path_factory):
    """What the image brings: the interpreter with the locked packages, and our wheel unpacked."""
    folder = tmp_path_factory.mktemp("image")
    source = folder / "source"
    source.mkdir()
    packages = ("pipeline", "serving", "benchmarks", "components", "transform", "trainer", "kernel", "schema")
    for name in ("setup.py", "pyproject.toml", "requirements", "README.md", *packages):
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
def document(compile_kubeflow, metadata_store, volume, tmp_path_factory):
    """The compiled YAML."""
    config = tmp_path_factory.mktemp("config") / "small.yaml"
    config.write_text(SMALL)
    url, password = metadata_store
    done, document = compile_kubeflow("--config", config, "--metadata-url", url, root=volume)
    assert done.returncode == 0, done.stderr
    assert password not in document.read_text()
    return document


@pytest.fixture(scope="module")
def cluster(emulator, document, image, metadata_store):
    secrets = {"towerline": {"metadata-password": metadata_store[1]}}
    return emulator.Emulator(document, image, secrets)


@pytest.fixture(scope="module")
def warm_cluster(cluster, image, warm_interpreter):
    """The same for the runs after the first, in which the start of every container is seen."""
    interpreter = warm_interpreter(IMPORTED, image)
    yield cluster.warm(interpreter)
    interpreter.close()


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
def at_once(cluster, warm_cluster, write_checkerboard, tmp_path_factory):
    """Two runs on an empty store: the second with another seed, and with a gate that nothing passes.

    It begins when the first has done what both have in common: of two results of one question, a third run
    would take the newer one, and then find nothing in the cache that was made of it.
    """
    folder = tmp_path_factory.mktemp("runs")
    shop = write_checkerboard(folder / "shop.db", num_users=20, num_products=16)
    parted = threading.Event()

    def watch(pod):
        kill_once(pod)
        if pod.task == PARTED:
            parted.set()

    def run_first():
        try:
            return cluster.run(PUSHED, {"source": shop, "seed": 7}, folder / PUSHED, watch, 2)
        finally:
            parted.set()

    def run_second():
        parted.wait()
        parameters = {"source": shop, "seed": 8, "gates_min_ndcg": 1.0}
        return warm_cluster.run(REFUSED, parameters, folder / REFUSED, pods_at_once=2)

    with concurrent.futures.ThreadPoolExecutor() as pool:
        runs = {PUSHED: pool.submit(run_first), REFUSED: pool.submit(run_second)}
    return {name: run.result() for name, run in runs.items()}, shop


@pytest.fixture(scope="module")
def first(at_once):
    return at_once[0][PUSHED]


@pytest.fixture(scope="module")
def refused(at_once):
    return at_once[0][REFUSED]


@pytest.fixture(scope="module")
def repeated(at_once, warm_cluster, tmp_path_factory):
    """The run that was pushed, once more."""
    logs = tmp_path_factory.mktemp("repeated") / "logs"
    return warm_cluster.run(REPEATED, {"source": at_once[1], "seed": 7}, logs, pods_at_once=2)


@pytest.fixture(scope="module")
def recorded(repeated, metadata_store):
    """Run -> node -> its execution, as ML Metadata has them after all runs."""
    from pipeline.metadata.location import PASSWORD_VARIABLE
    from pipeline.metadata.store import RunStore
    from pipeline.planning.plan import PIPELINE_NAME

    url, password = metadata_store
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(PASSWORD_VARIABLE, password)
        store = RunStore(url, PIPELINE_NAME)
        runs = {
            run.run_id: {execution.node: execution for execution in run.executions} for run in store.runs()
        }
        return store, runs


def test_modules_of_the_containers_are_those_of_the_wheel(document, image, tmp_path):
    modules = sorted(set(re.findall(r"pipeline\.kubeflow\.\w+", document.read_text())))
    assert modules == ["pipeline.kubeflow.node", "pipeline.kubeflow.outcome", "pipeline.kubeflow.plan"]
    modules.append("pipeline.kubeflow.worker")  # of trainers in several pods
    code = (
        f"import importlib; print(*(importlib.import_module(name).__file__ for name in {modules}), sep='\\n')"
    )
    command = ["python", "-c", code]
    found = subprocess.run(command, cwd=tmp_path, env=image, capture_output=True, text=True, check=True)
    files = found.stdout.split()
    assert len(files) == 4 and all(path.startswith(image["PYTHONPATH"]) for path in files)


def failures(finished):
    failed = [name for name, state in finished.states.items() if state == "FAILED"]
    return "\n".join(finished.of(name)[-1].text()[-3000:] for name in failed)


def attempts(finished):
    """Task -> number of its pods, of the tasks that had another than one."""
    return {task: count for task, count in Counter(pod.task for pod in finished.pods).items() if count != 1}


def pushed_versions(volume):
    return [path for path in (volume / "serving").iterdir() if path.name.isdigit()]


def test_first_run_completes_and_pushes(first, volume):
    assert set(first.states.values()) == {"SUCCEEDED"}, failures(first)
    assert len(first.states) == 24
    (version,) = pushed_versions(volume)
    assert (version / "saved_model.pb").is_file()
    assert str(version) in first.of("outcome")[0].text()


def test_independent_nodes_run_side_by_side(first):
    assert first.side_by_side()


def test_a_killed_node_is_tried_again(first):
    killed, again = first.of(KILLED)
    assert killed.process.returncode == -9 and again.process.returncode == 0
    assert "Removing what an earlier attempt left" in again.text()
    assert attempts(first) == {KILLED: 2}


def test_run_parameters_reach_the_plan(first, volume):
    from pipeline.planning.plan import RunPlan

    plan = RunPlan.from_json((volume / "runs" / PUSHED / "plan.json").read_text())
    assert plan.config.seed == 7 and plan.config.source.url.endswith("/shop.db")
    assert plan.config.retrieval.embedding_dim == 8 and plan.config.gates.min_auc == 0


def test_a_refusal_is_that_of_its_own_run(first, refused):
    failed = {task for task, state in refused.states.items() if state != "SUCCEEDED"}
    assert failed == {"outcome"}, failures(refused)
    assert "Not pushed" in refused.of("outcome")[0].text() and attempts(refused) == {}
    begun = min(pod.started for pod in first.pods), min(pod.started for pod in refused.pods)
    ended = max(pod.ended for pod in first.pods), max(pod.ended for pod in refused.pods)
    assert max(begun) < min(ended)


def test_runs_at_once_read_only_what_is_theirs(recorded):
    store, runs = recorded
    for name in (PUSHED, REFUSED):
        nodes = runs[name]
        made = {
            artifact.id
            for execution in nodes.values()
            for artifacts in store.outputs(execution).values()
            for artifact in artifacts
        }
        assert len(nodes) == 22
        for execution in nodes.values():
            read = {artifact.id for artifacts in store.inputs(execution).values() for artifact in artifacts}
            assert read <= made, execution.node
    models = {
        name: store.outputs(runs[name]["RetrievalTrainer"])["model"][0].id for name in (PUSHED, REFUSED)
    }
    assert len(set(models.values())) == 2


def test_a_second_run_is_served_from_the_cache(repeated, recorded, volume):
    assert set(repeated.states.values()) == {"SUCCEEDED"}, failures(repeated)
    assert attempts(repeated) == {}
    store, runs = recorded
    states = {node: execution.state for node, execution in runs[REPEATED].items()}
    assert set(states.values()) == {"CACHED"} and len(states) == 22
    for node, execution in runs[REPEATED].items():
        before = store.outputs(runs[PUSHED][node])
        assert {key: [one.id for one in made] for key, made in store.outputs(execution).items()} == {
            key: [one.id for one in made] for key, made in before.items()
        }, node
    assert len(pushed_versions(volume)) == 1


@pytest.fixture(scope="module")
def later(repeated, at_once, compile_kubeflow, emulator, image, metadata_store, volume, tmp_path_factory):
    """A refresh, and then a run that begins warm, on the same volume."""
    folder = tmp_path_factory.mktemp("later")
    config = folder / "small.yaml"
    config.write_text(SMALL)
    url, password = metadata_store
    secrets = {"towerline": {"metadata-password": password}}
    finished = {}
    for name, options in (("refresh", ["--refresh"]), ("warm", ["--set", "warm_start=true"])):
        given = ["--config", config, "--metadata-url", url, *options]
        done, document = compile_kubeflow(*given, root=volume)
        assert done.returncode == 0, done.stderr
        cluster = emulator.Emulator(document, image, secrets)
        parameters = {"source": at_once[1]}
        finished[name] = cluster.run(f"run-{name}", parameters, folder / name, pods_at_once=2)
    return finished


@pytest.mark.nightly
def test_a_refresh_runs_from_its_own_document(later):
    assert set(later["refresh"].states.values()) == {"SUCCEEDED"}, failures(later["refresh"])
    said = later["refresh"].of("outcome")[0].text()
    assert "Pushed, with the weights of version" in said


@pytest.mark.nightly
def test_a_run_begins_from_the_weights_of_the_version_before(later):
    others = {state for task, state in later["warm"].states.items() if task != "outcome"}
    assert others == {"SUCCEEDED"}, failures(later["warm"])  # whether it is better is not the question
    said = later["warm"].of("outcome")[0].text()
    assert "RetrievalTrainer began " in said and "RankingTrainer began " in said
