"""How the stages scale with workers."""

import socket

import pytest

from benchmarks.pipeline.scaling import Scaling, beam_of, measure_scaling, scaling_as_dict, scaling_table
from pipeline import cli

MEASURED = Scaling(
    5_012,
    {"ProductExampleGen": 2.0, "Transform": 3.0},
    {1: {"ProductExampleGen": 30.0, "Transform": 60.0}, 2: {"ProductExampleGen": 20.0, "Transform": 60.0}},
)


def test_each_runner_has_its_own_way_to_name_workers():
    assert beam_of("flink", 2, ["--flink_master=[local]"]) == {
        "runner": "flink",
        "args": ["--flink_master=[local]", "--parallelism=2"],
    }
    assert beam_of("direct", 1, []) == {
        "runner": "direct",
        "args": ["--direct_running_mode=multi_processing", "--direct_num_workers=1"],
    }


def test_the_table_shows_one_process_and_each_number_of_workers():
    text = scaling_table([MEASURED], "flink", "towerline benchmark pipeline --runner flink")
    lines = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines()]
    assert lines[0] == ["`towerline benchmark pipeline --runner flink`"]
    assert ["5,012", "ProductExampleGen", "2.0", "30.0", "20.0", "1.50"] in lines
    assert ["5,012", "Transform", "3.0", "60.0", "60.0", "1.00"] in lines
    assert scaling_as_dict([MEASURED])["runs"][0]["by_workers"][2]["Transform"] == 60.0


def test_a_runner_that_is_not_there_is_named_before_anything_is_written(tmp_path, capsys):
    with socket.create_server(("localhost", 0)) as server:
        port = server.getsockname()[1]
    words = ("benchmark", "pipeline", "--runner", "flink", "--workdir", str(tmp_path / "work"))
    code = cli.main([*words, "--set", f'beam.args=["--flink_master=localhost:{port}"]'])
    err = capsys.readouterr().err
    assert code == 2 and f"--flink_master=localhost:{port} cannot be reached" in err
    assert not (tmp_path / "work" / "benchmark-pipeline").exists()


@pytest.mark.nightly
def test_two_processes_of_the_direct_runner(tmp_path):
    lines = []
    (found,) = measure_scaling([5_000], "direct", [], tmp_path, 1, lines.append)
    assert list(found.by_workers) == [1, 2] and found.num_events > 4_000
    for seconds in (found.alone, *found.by_workers.values()):
        assert list(seconds) == ["ProductExampleGen", "StatisticsGen", "Transform"]
        assert min(seconds.values()) > 0
    assert lines[-1] == "Running the stages with direct, workers: 2"
