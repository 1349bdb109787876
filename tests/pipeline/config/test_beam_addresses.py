"""What a run on an engine needs, asked for before it begins; the addresses here are real sockets."""

import json
import socket

import pytest

from pipeline import cli
from pipeline.config.beam_addresses import check_addresses
from pipeline.config.beam_arguments import BeamSettings
from schema.errors import UserError


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
