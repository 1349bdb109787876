"""What Beam is told, and the package that its workers get."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline import cli
from pipeline.config import beam_arguments as module
from pipeline.config.beam_arguments import BeamSettings, beam_arguments, check_addresses
from pipeline.config.settings import TowerlineConfig
from schema.errors import UserError

KEPT = "--environment_cache_millis=600000"
SETUP = str(Path(__file__).parents[3] / "setup.py")


def test_the_default_says_nothing():
    assert beam_arguments(BeamSettings()) == []


@pytest.mark.parametrize(
    ("runner", "name", "further"),
    [
        ("direct", "DirectRunner", []),
        ("flink", "FlinkRunner", [KEPT]),
        ("spark", "SparkRunner", [KEPT]),
        ("dataflow", "DataflowRunner", []),
        ("portable", "PortableRunner", [KEPT]),
    ],
)
def test_runner_arguments_and_our_code(runner, name, further):
    found = beam_arguments(BeamSettings(runner=runner, args=("--parallelism=2",)))
    assert found == [f"--runner={name}", "--parallelism=2", *further, f"--setup_file={SETUP}"]


def test_how_long_workers_are_kept_is_the_users():
    args = ("--environment_cache_millis=0", "--sdk_container_image=image:1")
    assert beam_arguments(BeamSettings(runner="spark", args=args)) == ["--runner=SparkRunner", *args]


@pytest.mark.parametrize("argument", ["--sdk_container_image=image:1", "--setup_file=/x/setup.py"])
def test_code_that_the_user_brings(argument):
    found = beam_arguments(BeamSettings(runner="flink", args=(argument,)))
    assert found == ["--runner=FlinkRunner", argument, KEPT]


def test_workers_in_this_process_have_our_code():
    args = ("--job_endpoint=localhost:8099", "--environment_type=LOOPBACK")
    assert beam_arguments(BeamSettings(runner="portable", args=args)) == ["--runner=PortableRunner", *args]


def test_an_installation_without_setup_file(monkeypatch, tmp_path):
    monkeypatch.setattr(module, "_SETUP_FILE", tmp_path / "setup.py")
    with pytest.raises(UserError, match="--sdk_container_image=IMAGE"):
        beam_arguments(BeamSettings(runner="flink"))
    at_hand = BeamSettings(runner="flink", args=("--environment_type=PROCESS",))
    assert beam_arguments(at_hand) == ["--runner=FlinkRunner", "--environment_type=PROCESS", KEPT]
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


@pytest.fixture
def listening():
    with socket.create_server(("localhost", 0)) as server:
        yield f"localhost:{server.getsockname()[1]}"


@pytest.fixture
def closed():
    """An address at which nobody listens."""
    with socket.create_server(("localhost", 0)) as server:
        return f"localhost:{server.getsockname()[1]}"


def check(runner, *args):
    check_addresses(BeamSettings(runner=runner, args=args))


@pytest.fixture
def jar(tmp_path):
    path = tmp_path / "job-server.jar"
    path.touch()
    return path


@pytest.fixture
def java(tmp_path, monkeypatch):
    """A machine that has Java, whether this one does or not."""
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin" / "java"
    program.touch(mode=0o755)
    monkeypatch.setenv("PATH", str(program.parent))


@pytest.mark.usefixtures("java")
def test_what_is_there_passes(listening, closed, jar):
    check("direct")
    check("dataflow", "--project=p")
    check("portable", f"--job_endpoint={listening}")
    check("portable", "--job_endpoint=embed")
    check("flink")
    check("flink", "--flink_master=[local]", f"--flink_job_server_jar={jar}")
    check("flink", f"--flink_master={listening}", "--flink_job_server_jar=https://host.example/x.jar")
    check("flink", f"--flink_master=http://{listening}")
    check("spark", "--spark_master_url=local[2]")
    check("spark", f"--spark_master_url=spark://{closed},{listening}")


@pytest.mark.usefixtures("java")
@pytest.mark.parametrize(
    ("runner", "argument"),
    [
        ("portable", "--job_endpoint={}"),
        ("flink", "--job_endpoint={}"),
        ("flink", "--flink_master={}"),
        ("flink", "--flink_master=http://{}"),
        ("spark", "--spark_master_url=spark://{}"),
    ],
)
def test_nobody_answers(runner, argument, closed):
    argument = argument.format(closed)
    with pytest.raises(UserError, match=r"cannot be reached \(Connection refused\)") as told:
        check(runner, argument)
    assert argument in str(told.value)


def test_no_address():
    with pytest.raises(UserError, match=r"names none.*--job_endpoint=HOST"):
        check("portable")
    with pytest.raises(UserError, match="names no host and port"):
        check("portable", "--job_endpoint=somewhere")


@pytest.mark.usefixtures("java")
@pytest.mark.parametrize("runner", ["flink", "spark"])
def test_no_jar(runner, tmp_path):
    with pytest.raises(UserError, match=f"there is no --{runner}_job_server_jar=.*absent.jar"):
        check(runner, f"--{runner}_job_server_jar={tmp_path / 'absent.jar'}")


def test_no_java(listening, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UserError, match="there is no `java`"):
        check("flink")
    with pytest.raises(UserError, match="there is no `java21`"):
        check("spark", "--job_server_java_launcher=java21")
    check("flink", f"--job_endpoint={listening}")
    check("flink", "--flink_submit_uber_jar")


def test_a_run_is_refused_in_one_line(closed, tmp_path, capfd, monkeypatch):
    monkeypatch.chdir(tmp_path)
    arguments = ["run", "--source", "sqlite:///absent.db", "--set", "beam.runner=portable"]
    assert cli.main([*arguments, "--set", f"beam.args=[--job_endpoint={closed}]"]) == 2
    shown = capfd.readouterr()
    assert shown.out == "" and shown.err.startswith("towerline: `beam.args`: --job_endpoint=")
    assert len(shown.err.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


def test_doctor_asks_as_well(closed, listening, tmp_path, capfd):
    def engine(address):
        arguments = ["doctor", "--json", "--workdir", str(tmp_path), "--set", "beam.runner=portable"]
        code = cli.main([*arguments, "--set", f"beam.args=[--job_endpoint={address}]"])
        return code, {check["name"]: check for check in json.loads(capfd.readouterr().out)}["engine"]

    code, found = engine(closed)
    assert code == 2 and found["status"] == "fails" and "cannot be reached" in found["detail"]
    _, found = engine(listening)
    assert found["status"] == "ok"
