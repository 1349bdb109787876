"""What Beam is told, and the package that its workers get."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.config import beam_arguments as module
from pipeline.config.beam_arguments import BeamSettings, beam_arguments
from pipeline.config.settings import TowerlineConfig
from schema.errors import UserError

SETUP = str(Path(__file__).parents[3] / "setup.py")


def test_the_default_says_nothing():
    assert beam_arguments(BeamSettings()) == []


@pytest.mark.parametrize(
    ("runner", "name"),
    [
        ("direct", "DirectRunner"),
        ("flink", "FlinkRunner"),
        ("spark", "SparkRunner"),
        ("dataflow", "DataflowRunner"),
        ("portable", "PortableRunner"),
    ],
)
def test_runner_arguments_and_our_code(runner, name):
    found = beam_arguments(BeamSettings(runner=runner, args=("--parallelism=2",)))
    assert found == [f"--runner={name}", "--parallelism=2", f"--setup_file={SETUP}"]


@pytest.mark.parametrize("argument", ["--sdk_container_image=image:1", "--setup_file=/x/setup.py"])
def test_code_that_the_user_brings(argument):
    found = beam_arguments(BeamSettings(runner="flink", args=(argument,)))
    assert found == ["--runner=FlinkRunner", argument]


def test_workers_in_this_process_have_our_code():
    args = ("--job_endpoint=localhost:8099", "--environment_type=LOOPBACK")
    assert beam_arguments(BeamSettings(runner="portable", args=args)) == ["--runner=PortableRunner", *args]


def test_an_installation_without_setup_file(monkeypatch, tmp_path):
    monkeypatch.setattr(module, "_SETUP_FILE", tmp_path / "setup.py")
    with pytest.raises(UserError, match="--sdk_container_image=IMAGE"):
        beam_arguments(BeamSettings(runner="flink"))
    at_hand = BeamSettings(runner="flink", args=("--environment_type=PROCESS",))
    assert beam_arguments(at_hand) == ["--runner=FlinkRunner", "--environment_type=PROCESS"]
    workers = BeamSettings(args=("--direct_num_workers=2",))
    assert beam_arguments(workers) == ["--runner=DirectRunner", "--direct_num_workers=2"]


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"runner": "dask"}, "beam.runner"),
        ({"args": ["--runner=FlinkRunner"]}, "the runner is named by `beam.runner`"),
        ({"args": ["--direct_num_workers", "2"]}, "`2` is not"),
    ],
)
def test_mistakes(values, told):
    with pytest.raises(UserError, match=told):
        TowerlineConfig.parse({"beam": values})


def test_workers_can_install_what_beam_packs(tmp_path):
    """Beam's own stager makes the package, and pip, which finds no index, installs it and nothing else."""
    from apache_beam.runners.portability.stager import Stager

    package = Stager._build_setup_package(SETUP, str(tmp_path))
    site = tmp_path / "site"
    command = [sys.executable, "-m", "pip", "install", "--no-index", "--no-build-isolation"]
    command += ["--disable-pip-version-check", "--target", str(site), package]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    code = (
        "import components.product_example_gen.shards as ours, transform.preprocessing, schema.names;"
        "print(ours.__file__)"
    )
    environment = {**os.environ, "PYTHONPATH": str(site)}
    found = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert found.stdout.splitlines()[-1].startswith(str(site))
