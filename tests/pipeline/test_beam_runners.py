"""The three Beam nodes on runners whose workers are reached over gRPC give what the DirectRunner gives.

The job server is Beam's own in Python, or Flink's, in a cluster of this machine. Flink's is a file that is
not fetched here: `TOWERLINE_FLINK_JOB_SERVER_JAR` names it, or it lies in the local Maven repository.
"""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pipeline.config.settings import TowerlineConfig
from pipeline.planning.planner import make_plan
from pipeline.runs.local_runner import run_locally
from schema import names

pytestmark = [pytest.mark.e2e]

JAR_VARIABLE = "TOWERLINE_FLINK_JOB_SERVER_JAR"


def flink_jar():
    import apache_beam

    named = os.environ.get(JAR_VARIABLE)
    pattern = f"beam-runners-flink-*-job-server/{apache_beam.__version__}/*.jar"
    found = sorted(Path.home().joinpath(".m2/repository/org/apache/beam").glob(pattern))
    path = Path(named) if named else found[-1] if found else None
    if path is None or not path.is_file():
        pytest.skip(f"there is no job server of Flink: name its jar in {JAR_VARIABLE}")
    return path


@pytest.fixture
def job_server(tmp_path):
    """Endpoint of Beam's job server in a process of its own."""
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


@pytest.fixture(scope="module")
def shop(write_checkerboard, tmp_path_factory):
    return write_checkerboard(tmp_path_factory.mktemp("shop") / "shop.db", num_users=20, num_products=16)


@pytest.fixture(scope="module")
def run_nodes(shop, tmp_path_factory):
    """Runs ProductExampleGen, StatisticsGen and Transform and returns the folder of the artifacts."""

    def run(**beam):
        from tfx import v1 as tfx

        from pipeline.config.beam_arguments import beam_arguments
        from pipeline.create_pipeline import data_nodes
        from pipeline.metadata.connection import connection_config

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

        run_locally(plan, create, quiet=True)
        return Path(plan.artifact_root)

    return run


@pytest.fixture(scope="module")
def expected(run_nodes):
    return run_nodes()


def files(artifacts, node):
    """Path below the execution's folder -> content."""
    folders = [
        path for path in (artifacts / node).glob("*/*") if path.is_dir() and path.parent.name[0] != "."
    ]
    return {
        f"{folder.parent.name}/{path.relative_to(folder)}": path
        for folder in folders
        for path in folder.rglob("*")
        if path.is_file()
    }


def records(paths):
    import tensorflow as tf

    found = tf.data.TFRecordDataset(sorted(map(str, paths)), "GZIP")
    # The columns of a record stand in any order.
    examples = (tf.train.Example.FromString(record.numpy()) for record in found)
    return sorted(example.SerializeToString(deterministic=True) for example in examples)


def without_sketches(feature):
    """The statistics but for quantiles, which are sketches: they depend on the order of the merges."""
    exact = type(feature)()
    exact.CopyFrom(feature)
    kind = exact.WhichOneof("stats")
    of_kind = getattr(exact, kind)
    of_kind.common_stats.ClearField("num_values_histogram")
    if kind == "num_stats":
        of_kind.ClearField("histograms")
        of_kind.ClearField("median")
        of_kind.mean, of_kind.std_dev = (float(f"{value:.9g}") for value in (of_kind.mean, of_kind.std_dev))
    return exact.SerializeToString(deterministic=True)


def statistics(path):
    from tensorflow_data_validation import load_stats_binary

    (dataset,) = load_stats_binary(str(path)).datasets
    return dataset.num_examples, {
        tuple(feature.path.step): without_sketches(feature) for feature in dataset.features
    }


def transformed(found):
    return {
        split: records(
            path
            for key, path in found.items()
            if key.startswith("transformed_examples/") and f"Split-{split}/" in key
        )
        for split in names.SPLITS
    }


def assert_equal(expected, found):
    ours, theirs = (files(folder, "ProductExampleGen") for folder in (expected, found))
    assert set(ours) == set(theirs) and len(ours) >= 10
    assert [key for key in ours if ours[key].read_bytes() != theirs[key].read_bytes()] == []
    ours, theirs = (files(folder, "StatisticsGen") for folder in (expected, found))
    assert set(ours) == set(theirs) and len(ours) == 4
    for key in ours:
        assert statistics(ours[key]) == statistics(theirs[key]), key
    ours, theirs = (files(folder, "Transform") for folder in (expected, found))
    vocabularies = [key for key in ours if "/transform_fn/assets/" in key]
    assert vocabularies
    assert [key for key in vocabularies if ours[key].read_bytes() != theirs[key].read_bytes()] == []
    assert transformed(ours) == transformed(theirs)
    assert all(transformed(ours).values())


def test_workers_over_grpc(run_nodes, expected, job_server):
    args = (f"--job_endpoint={job_server}", "--environment_type=LOOPBACK")
    assert_equal(expected, run_nodes(runner="portable", args=args))


def test_processes_of_the_direct_runner(run_nodes, expected):
    args = ("--direct_running_mode=multi_processing", "--direct_num_workers=2")
    assert_equal(expected, run_nodes(args=args))


@pytest.mark.flink
def test_a_flink_cluster_of_this_machine(run_nodes, expected):
    args = ("--flink_master=[local]", f"--flink_job_server_jar={flink_jar()}", "--environment_type=LOOPBACK")
    assert_equal(expected, run_nodes(runner="flink", args=(*args, "--parallelism=2")))
