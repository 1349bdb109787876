"""`towerline why`: mistakes, on a stand-in for a model of before there was such a question."""

import subprocess
import sys

import pytest

from pipeline.cli import main


def why(workdir, *arguments):
    command = [sys.executable, "-m", "pipeline", "why", "--workdir", str(workdir), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_model_of_before_is_a_mistake_with_its_remedy(workdir, checkerboard_url):
    done = why(workdir, "--source", checkerboard_url, "--user", "u1", "--product", "p1")
    assert done.returncode == 2 and done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert "pushed before there was such a question. Remedy: `towerline run`" in done.stderr


@pytest.mark.parametrize(
    ("option", "value"), [("--top-k", "0"), ("--top-k", "20000"), ("--diversity", "1.5")]
)
def test_values_out_of_range_are_named(workdir, capsys, option, value):
    question = ["--user", "u1", "--product", "p1", option, value]
    assert main(["why", "--workdir", str(workdir), *question]) == 2
    assert f"`{option}` must lie between" in capsys.readouterr().err
