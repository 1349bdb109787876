"""The job of one element, on Beam's own job server: workers are processes that are reached over gRPC."""

import os
import socket

import pytest

from pipeline.config.beam_arguments import BeamSettings
from pipeline.runs import engine_probe
from schema.errors import UserError

pytestmark = [
    pytest.mark.e2e,
    # Beam's workers in this process lose a job server that has stopped.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning"),
]
SMALL = "--job_server_jvm_properties=-Xmx1g"


def portable(endpoint, *args):
    return BeamSettings(runner="portable", args=(f"--job_endpoint={endpoint}", *args))


def test_workers_that_see_the_folder(python_job_server, tmp_path):
    folder = tmp_path / "work" / "artifacts"
    engine_probe.probe_engine(portable(python_job_server, "--environment_type=LOOPBACK"), folder)
    assert list(folder.iterdir()) == []


def test_workers_that_do_not_see_the_folder(python_job_server, tmp_path):
    """To a worker without the mount the path is one that does not exist."""
    settings = portable(python_job_server, "--environment_type=LOOPBACK")
    with pytest.raises(UserError) as told:
        engine_probe._run(settings, tmp_path / "elsewhere" / "place", "token", 60)
    expected = (
        f"do not share the folder {tmp_path / 'elsewhere'} (No such file or directory, as user {os.getuid()})"
    )
    assert expected in str(told.value) and "\n" not in str(told.value)


def test_a_folder_of_the_same_name_is_another(tmp_path):
    (tmp_path / "asked").write_text("of another machine")
    with pytest.raises(UserError, match="what they wrote is not here"):
        engine_probe._answer(str(tmp_path), "token")
    assert not (tmp_path / "answered").exists()


def test_workers_without_our_code(python_job_server, tmp_path, monkeypatch):
    """A worker that cannot import what it is given; `_answer` is pickled by its name."""
    monkeypatch.setattr(engine_probe, "_answer", _of_a_module_that_is_not_there)
    settings = portable(python_job_server, "--environment_type=LOOPBACK")
    with pytest.raises(
        UserError, match=r"have no code of ours .*No module named 'absent'.*--sdk_container_image"
    ):
        engine_probe.probe_engine(settings, tmp_path)
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".engine")] == []


def _of_a_module_that_is_not_there(place, token):
    raise ModuleNotFoundError("No module named 'absent'")


def test_no_worker_comes(python_job_server, tmp_path):
    with socket.create_server(("localhost", 0)) as silent:
        pool = f"--environment_config=localhost:{silent.getsockname()[1]}"
        settings = portable(python_job_server, "--environment_type=EXTERNAL", pool)
        with pytest.raises(UserError, match=r"has not done a job of one element within 3 s.*free slots"):
            engine_probe.probe_engine(settings, tmp_path / "artifacts", most_seconds=3)


@pytest.mark.flink
def test_a_job_server_of_flink_that_beam_starts(jar, tmp_path):
    args = (f"--flink_job_server_jar={jar('flink')}", "--flink_master=[local]", "--environment_type=LOOPBACK")
    engine_probe.probe_engine(BeamSettings(runner="flink", args=(*args, SMALL)), tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.spark
def test_a_job_server_of_spark_that_beam_starts(jar, tmp_path):
    args = (
        f"--spark_job_server_jar={jar('spark')}",
        "--spark_master_url=local[2]",
        "--environment_type=LOOPBACK",
    )
    engine_probe.probe_engine(BeamSettings(runner="spark", args=(*args, SMALL)), tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.flink
def test_flink_names_what_a_worker_raised(flink, tmp_path):
    with pytest.raises(UserError, match=r"do not share the folder .*No such file or directory"):
        engine_probe._run(BeamSettings(**flink), tmp_path / "elsewhere" / "place", "token", 60)


@pytest.mark.spark
def test_spark_names_what_a_worker_raised(spark, tmp_path):
    with pytest.raises(UserError, match=r"do not share the folder .*No such file or directory"):
        engine_probe._run(BeamSettings(**spark), tmp_path / "elsewhere" / "place", "token", 60)


@pytest.mark.cluster
def test_a_flink_cluster_with_two_task_managers(flink_cluster, tmp_path):
    engine_probe.probe_engine(BeamSettings(**flink_cluster), tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.cluster
def test_a_spark_cluster_with_two_workers(spark_cluster, tmp_path):
    engine_probe.probe_engine(BeamSettings(**spark_cluster), tmp_path)
    assert list(tmp_path.iterdir()) == []
