"""A shop, what the nodes make of it with the DirectRunner, and how each engine is called."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import time
from pathlib import Path

import pytest


def _load(name):
    spec = importlib.util.spec_from_file_location(f"engines_{name}", Path(__file__).with_name(f"{name}.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


_clusters = _load("clusters")


@pytest.fixture(scope="session")
def jar():
    """`jar(engine)` is the path of the job server's jar."""
    return _clusters.job_server_jar


@pytest.fixture(scope="session")
def comparing():
    return _load("comparing")


@pytest.fixture(scope="session")
def flink(tmp_path_factory):
    """`beam.*` for Flink in two threads of this machine."""
    folder = tmp_path_factory.mktemp("flink")
    with _clusters.job_server("flink", folder, "--flink-master", "[local]") as endpoint:
        args = ("--flink_master=[local]", f"--job_endpoint={endpoint}", "--parallelism=2")
        yield {"runner": "flink", "args": (*args, "--environment_type=LOOPBACK")}


@pytest.fixture(scope="session")
def spark(tmp_path_factory):
    """`beam.*` for Spark in two threads of this machine."""
    folder = tmp_path_factory.mktemp("spark")
    with _clusters.job_server("spark", folder, "--spark-master-url", "local[2]") as endpoint:
        args = ("--spark_master_url=local[2]", f"--job_endpoint={endpoint}")
        yield {"runner": "spark", "args": (*args, "--environment_type=LOOPBACK")}


@pytest.fixture
def flink_cluster(tmp_path_factory):
    """`beam.*` for a cluster of Flink with two TaskManagers, which ends with the test: it takes 4 GB."""
    folder = tmp_path_factory.mktemp("flink-cluster")
    with (
        _clusters.flink_cluster(folder) as master,
        _clusters.job_server("flink", folder, "--flink-master", master) as endpoint,
    ):
        args = (f"--flink_master={master}", f"--job_endpoint={endpoint}", "--parallelism=2")
        yield {"runner": "flink", "args": (*args, *_clusters.process_workers(folder))}


@pytest.fixture
def spark_cluster(tmp_path_factory):
    """`beam.*` for a standalone cluster of Spark with two workers."""
    folder = tmp_path_factory.mktemp("spark-cluster")
    with (
        _clusters.spark_cluster(folder) as master,
        _clusters.job_server("spark", folder, "--spark-master-url", master) as endpoint,
    ):
        args = (f"--spark_master_url={master}", f"--job_endpoint={endpoint}")
        yield {"runner": "spark", "args": (*args, *_clusters.process_workers(folder))}


@pytest.fixture(scope="module")
def kubectl(tmp_path_factory):
    """`kubectl` on an empty Kubernetes API server."""
    binaries = _clusters.ENGINES / "kubernetes"
    assert (binaries / "kube-apiserver").is_file(), (
        f"there is nothing in {binaries}: run `make kubernetes` once"
    )
    with _load("api_server").api_server(tmp_path_factory.mktemp("kubernetes"), binaries, _clusters) as calls:
        yield calls


@pytest.fixture(scope="module")
def python_job_server(tmp_path_factory):
    """Endpoint of Beam's job server in a process of its own."""
    tmp_path = tmp_path_factory.mktemp("job-server")
    port_file = tmp_path / "port"
    command = [sys.executable, "-m", "apache_beam.runners.portability.local_job_service_main"]
    command += ["--port_file", str(port_file), "--staging_dir", str(tmp_path / "staging")]
    with (tmp_path / "server.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        while not port_file.exists():
            assert process.poll() is None, (tmp_path / "server.log").read_text()
            time.sleep(0.1)
        yield f"localhost:{port_file.read_text()}"
    finally:
        process.terminate()
        process.wait()


@pytest.fixture(scope="session")
def shop(write_checkerboard, tmp_path_factory):
    return write_checkerboard(tmp_path_factory.mktemp("shop") / "shop.db", num_users=20, num_products=16)


@pytest.fixture(scope="session")
def run_nodes(shop, tmp_path_factory):
    """Runs ProductExampleGen, StatisticsGen and Transform and returns the folder of the artifacts."""

    def run(**beam):
        from tfx import v1 as tfx

        from pipeline.config.beam_arguments import beam_arguments
        from pipeline.config.settings import TowerlineConfig
        from pipeline.create_pipeline import data_nodes
        from pipeline.metadata.connection import connection_config
        from pipeline.planning.planner import make_plan
        from pipeline.runs.local_runner import run_locally

        workdir = tmp_path_factory.mktemp("work")
        config = TowerlineConfig.parse({"source": {"url": shop, "partitions": 3}, "beam": beam})
        plan = make_plan(config, str(workdir)).plan

        def create(plan):
            nodes = [node.with_id(name) for name, node in data_nodes(plan, {}).items()]
            return tfx.dsl.Pipeline(
                pipeline_name="towerline",
                pipeline_root=plan.artifact_root,
                components=nodes,
                metadata_connection_config=connection_config(plan.metadata_path),
                beam_pipeline_args=beam_arguments(plan.config.beam),
            )

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sys, "argv", sys.argv[:1])  # TFX looks for flags in it, and finds pytest's
            run_locally(plan, create, quiet=True)
        return Path(plan.artifact_root)

    return run


@pytest.fixture(scope="session")
def direct_data(run_nodes):
    """What the DirectRunner makes of the shop."""
    return run_nodes()


@pytest.fixture
def evaluate(trained_shop, tmp_path_factory, monkeypatch):
    """Runs RankingEvaluator on the lists and the ranker of the trained shop; returns its evaluation."""

    def run(**beam):
        from tfx.components.evaluator.executor import Executor
        from tfx.types import artifact_utils, standard_artifacts

        from pipeline.config.beam_arguments import BeamSettings, beam_arguments
        from schema import names

        folder = tmp_path_factory.mktemp("evaluator")

        def artifact(kind, path, splits=()):
            made = kind()
            made.uri = str(path)
            if splits:
                made.split_names = artifact_utils.encode_split_names(list(splits))
            return [made]

        arguments = beam_arguments(BeamSettings(**beam))
        monkeypatch.setattr(sys, "argv", sys.argv[:1])  # TFX looks for flags in it, and finds pytest's
        context = Executor.Context(beam_pipeline_args=arguments, tmp_dir=str(folder / "tmp"), unique_id="1")
        examples = artifact(
            standard_artifacts.Examples, trained_shop.directory / "candidates", (names.TRAIN, names.EVAL)
        )
        inputs = {
            "examples": examples,
            "model": artifact(standard_artifacts.Model, trained_shop.directory / "ranking"),
        }
        outputs = {
            "evaluation": artifact(standard_artifacts.ModelEvaluation, folder / "evaluation"),
            "blessing": artifact(standard_artifacts.ModelBlessing, folder / "blessing"),
        }
        Executor(context).Do(inputs, outputs, dict(trained_shop.nodes["RankingEvaluator"].exec_properties))
        return folder / "evaluation"

    return run


@pytest.fixture
def direct_evaluation(evaluate):
    """What the DirectRunner measures of the ranker."""
    return evaluate()
