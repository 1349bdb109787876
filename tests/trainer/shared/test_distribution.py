"""Training by two real processes against training by one."""

import importlib.util
import json
import os
import socket
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest

from schema.errors import UserError
from trainer.shared.distribution import SpreadBatches, Workers
from trainer.shared.rendezvous import CLUSTER_VARIABLE

import tensorflow as tf  # isort: skip  (after the package that chooses the Keras version)

SCRIPT = Path(__file__).with_name("distributed_worker.py")
ROOT = Path(__file__).parents[3]


def trainer_arguments(shop, node, examples, model_directory, distribution):
    files = {split: f"{shop.directory}/{examples}/Split-{split}/*" for split in ("train", "eval", "catalog")}
    config = json.loads(shop.nodes[node].exec_properties["custom_config"])
    name = "retrieval" if node == "RetrievalTrainer" else "ranking"
    config[name] = json.dumps(json.loads(config[name]) | {"distribution": distribution})
    return {
        "train_files": [files["train"], files["catalog"]],
        "eval_files": [files["eval"]],
        "custom_config": config,
        "transform_graph_path": str(shop.directory / "transformed" / "transform_graph"),
        "serving_model_dir": str(model_directory),
        "model_run_dir": str(model_directory) + "-run",
        "base_model": shop.retrieval,
    }


def free_ports(count):
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


@pytest.fixture(scope="module")
def two_workers(trained_shop, tmp_path_factory):
    """What two processes made that trained both models together, each told to write to its own folder."""
    folder = tmp_path_factory.mktemp("workers")
    addresses = [f"127.0.0.1:{port}" for port in free_ports(2)]
    processes = []
    for index in range(2):
        own = folder / str(index)
        own.mkdir()
        given = {"distribution": "multi_worker", "output": str(own / "line.json")}
        for name, node, examples in (
            ("retrieval", "RetrievalTrainer", "transformed"),
            ("ranking", "RankingTrainer", "candidates"),
        ):
            given[name] = trainer_arguments(trained_shop, node, examples, own / name, "multi_worker")
        (own / "given.json").write_text(json.dumps(given))
        cluster = {"cluster": {"worker": addresses}, "task": {"type": "worker", "index": index}}
        environment = {**os.environ, CLUSTER_VARIABLE: json.dumps(cluster), "PYTHONPATH": str(ROOT)}
        command = [sys.executable, str(SCRIPT), str(own / "given.json")]
        with (own / "log").open("wb") as log:
            processes.append(subprocess.Popen(command, env=environment, stdout=log, stderr=log))
    try:
        codes = [process.wait(1800) for process in processes]
    finally:
        for process in processes:
            process.kill()
            process.wait()
    assert codes == [0, 0], "\n".join((folder / str(index) / "log").read_text()[-3000:] for index in (0, 1))
    return folder


def test_two_workers_fit_what_one_does(two_workers):
    spec = importlib.util.spec_from_file_location("distributed_worker", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    alone = module.fit_line("none")
    for index in (0, 1):
        together = json.loads((two_workers / str(index) / "line.json").read_text())
        for ours, theirs in zip(alone["weights"], together["weights"], strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-6)
        np.testing.assert_allclose(alone["metric"], together["metric"], rtol=1e-3)


@pytest.mark.parametrize("model", ["retrieval", "ranking"])
def test_both_trainers_learn_as_well_together(two_workers, trained_shop, model):
    def curve(folder):
        (path,) = folder.rglob("training.json")
        return json.loads(path.read_text())["epochs"]

    alone, together = curve(trained_shop.directory / model), curve(two_workers / "0" / model)
    assert len(alone) == len(together)
    assert together[-1]["metric"] == pytest.approx(alone[-1]["metric"], abs=0.1)
    assert together[-1]["loss"] == pytest.approx(alone[-1]["loss"], rel=0.3)
    assert not (two_workers / "1" / model).exists()  # only the first worker writes


def test_the_model_of_two_workers_is_like_any_other(two_workers, trained_shop):
    ours, theirs = (
        tf.saved_model.load(str(path)).signatures["candidates"]()["embeddings"].numpy()
        for path in (trained_shop.retrieval, two_workers / "0" / "retrieval")
    )
    assert ours.shape == theirs.shape
    np.testing.assert_allclose(np.linalg.norm(theirs, axis=1), 1.0, rtol=1e-5)
    ranked = tf.saved_model.load(str(two_workers / "0" / "ranking")).signatures["rank"]
    known = tf.saved_model.load(trained_shop.ranking).signatures["rank"]
    assert set(ranked.structured_input_signature[1]) == set(known.structured_input_signature[1])


def test_replicas_take_turns():
    """Two replicas in this process: the devices are both the CPU's, split in two."""
    cpu = tf.config.list_physical_devices("CPU")
    assert len(cpu) == 1
    batches = tf.data.Dataset.range(10).batch(2)
    assert Workers.of("none").spread(batches) is batches
    strategy = tf.distribute.MirroredStrategy(["/cpu:0"])
    shared = Workers(strategy, index=1, count=2)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Workers, "num_replicas", 2)
        spread = shared.spread(batches)
    assert isinstance(spread, SpreadBatches) and spread.steps == 2
    assert [batch.numpy().tolist() for batch in spread.dataset] == [[2, 3], [6, 7]]


def test_fewer_batches_than_replicas():
    strategy = tf.distribute.MirroredStrategy(["/cpu:0"])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Workers, "num_replicas", 4)
        with pytest.raises(UserError, match="3 batches for 4 replicas"):
            Workers(strategy, 0, 4).spread(tf.data.Dataset.range(3).batch(1))


@pytest.mark.parametrize("value", [None, "", "{", "{}", '{"cluster": {"worker": ["a:1"]}, "task": 3}'])
def test_no_cluster_in_the_environment(monkeypatch, value):
    monkeypatch.delenv(CLUSTER_VARIABLE, raising=False)
    if value is not None:
        monkeypatch.setenv(CLUSTER_VARIABLE, value)
    with pytest.raises(UserError, match="needs the environment variable TF_CONFIG"):
        Workers.of("multi_worker")
