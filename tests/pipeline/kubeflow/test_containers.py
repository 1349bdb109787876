"""What the containers tell when they are called wrongly; whole runs are in test_emulated_run.py."""

import pytest

from pipeline.config.settings import TowerlineConfig
from pipeline.kubeflow import node as kubeflow_node
from pipeline.kubeflow import outcome as kubeflow_outcome
from pipeline.kubeflow import plan as kubeflow_plan
from pipeline.kubeflow.parameters import fixed_settings, run_parameters, with_settings


@pytest.fixture
def shared(tmp_path):
    return ["--run=run-1", f"--pipeline-root={tmp_path}", f"--metadata-url=sqlite:///{tmp_path}/m.db"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--text=source.url=postgresql://u:s3cret@h/d"], "must hold no password"),
        (["--text=source.url="], "No product database is named"),
        (["--text=source.url=sqlite:////nowhere.db"], "nowhere.db"),
        (["--set=seed={"], "The value of `seed` is no JSON"),
        (["--set=seed=1", "--set=sede=1"], "Did you mean `seed`?"),
    ],
)
def test_mistakes_in_the_plan(shared, capsys, arguments, told):
    assert kubeflow_plan.main([*shared, *arguments]) == 2
    line = capsys.readouterr().err.splitlines()[-1]
    assert line.startswith("plan: ") and told in line and "s3cret" not in line


def test_a_node_without_a_plan(shared, capsys):
    assert kubeflow_node.main([*shared, "--node=Transform"]) == 2
    assert "There is no plan of this run" in capsys.readouterr().err.splitlines()[-1]


def test_an_outcome_without_a_run(shared, capsys):
    assert kubeflow_outcome.main(shared) == 3
    assert "has no run run-1" in capsys.readouterr().err.splitlines()[-1]


def test_a_run_id_is_no_path(shared, capsys):
    assert kubeflow_outcome.main(["--run=../other", *shared[1:]]) == 2
    assert "`--run` takes letters" in capsys.readouterr().err


def test_a_configuration_comes_back_as_it_was():
    values = {"seed": 3, "retrieval": {"encoder": "gru"}, "source": {"url": "/data", "partitions": 2}}
    values |= {"events": {"weights": {"view": 0.5}}, "beam": {"args": ["--direct_num_workers=2"]}}
    config = TowerlineConfig.parse(values | {"kubeflow": {"defaults": {"cpu": "3"}}})
    import json

    settings = {key: json.loads(text) for key, text in fixed_settings(config).items()}
    settings |= {parameter.key: parameter.default for parameter in run_parameters(config)}
    assert with_settings(settings) == TowerlineConfig.parse(values)


def test_a_refresh_of_nothing(shared, capsys, tmp_path, write_checkerboard):
    shop = write_checkerboard(tmp_path / "shop.db")
    assert kubeflow_plan.main([*shared, "--refresh", f"--text=source.url={shop}"]) == 2
    line = capsys.readouterr().err.splitlines()[-1]
    assert line.startswith("plan: There is no pushed version in ") and "to refresh" in line


@pytest.mark.filterwarnings("ignore:label:DeprecationWarning")  # TFX's; in a container it is no error
def test_a_warm_start_of_nothing_begins_cold(shared, capsys, tmp_path, write_checkerboard):
    shop = write_checkerboard(tmp_path / "shop.db", num_users=20, num_products=16)
    assert kubeflow_plan.main([*shared, "--set=warm_start=true", f"--text=source.url={shop}"]) == 0
    assert "nothing has been pushed to" in capsys.readouterr().out
    assert kubeflow_node.main([*shared, "--node=PushedTowers"]) == 0
    assert "PushedTowers: this run begins cold" in capsys.readouterr().out
    assert kubeflow_node.main([*shared, "--node=Nothing"]) == 2
