"""`towerline gc` removes what nobody needs, and nothing else."""

from __future__ import annotations

import json
import shutil

import pytest

from pipeline import cli
from pipeline.inspection.garbage import find_garbage
from pipeline.inspection.graph import read_graph
from pipeline.planning.workdir import only_run


@pytest.fixture
def collect(own_store, capsys):
    def call(*arguments):
        code = cli.main(["gc", "--workdir", str(own_store.root), *arguments])
        return code, *capsys.readouterr()

    return call


def garbage_of(store, keep):
    graph = read_graph(store.path)
    found = find_garbage(graph, store.root / "artifacts", keep, store.root / "serving")
    names = {number: name for name, number in store.ids.items()}
    return {names[artifact.id] for artifact in found.artifacts}


SECOND = {f"second.{key}" for key in ("anomalies", "model", "evaluation", "blessing", "pushed")}


def test_pushed_models_and_kept_runs_stay_with_all_they_were_made_of(own_store):
    # what the killed node had announced belongs to nobody
    assert garbage_of(own_store, keep=3) == {"third.statistics"}
    assert garbage_of(own_store, keep=2) == {"third.statistics"}
    # first pushed the model that is served, and second ran on the same data
    assert garbage_of(own_store, keep=1) == SECOND | {"third.statistics"}


def test_a_version_that_is_no_longer_there_needs_nothing(own_store):
    shutil.rmtree(own_store.root / "serving")
    assert garbage_of(own_store, keep=1) == set(own_store.ids) - {"third.examples", "third.interactions"}


def test_nothing_is_removed_by_a_dry_run(own_store, collect):
    (own_store.root / "run.lock").touch()
    before = sorted(own_store.root.rglob("*"))
    code, out, _ = collect("--keep", "1", "--dry-run")
    assert code == 0 and "Would remove 6 folders" in out
    assert sorted(own_store.root.rglob("*")) == before


def test_what_is_removed_is_recorded_as_deleted(own_store, collect, capsys):
    leftover = own_store.root / "artifacts" / "Transform" / "transform_graph" / "99"
    leftover.mkdir(parents=True)
    (leftover / "half.tmp").write_text("half")
    code, out, _ = collect("--keep", "1", "--json")
    data = json.loads(out)
    assert code == 0 and data["leftovers"] == [str(leftover)] and data["bytes"] > 4
    graph = read_graph(own_store.path)
    for name, number in own_store.ids.items():
        artifact = graph.artifacts[number]
        is_removed = name in SECOND | {"third.statistics"}
        assert (artifact.state == "DELETED") == is_removed, name
        assert own_store.folder(name).exists() != is_removed, name
    assert not leftover.exists() and (own_store.root / "serving" / "11").is_dir()
    assert json.loads(collect("--keep", "1", "--json")[1])["removed"] == []
    where = ["--workdir", str(own_store.root)]
    assert cli.main(["inspect", "artifact", str(own_store.ids["second.model"]), *where]) == 0
    assert "was removed by `towerline gc`" in capsys.readouterr().out
    assert cli.main(["inspect", "lineage", *where]) == 0


def test_nothing_outside_the_artifacts_is_removed(own_store):
    outside = own_store.root / "elsewhere"
    shutil.copytree(own_store.folder("second.model"), outside)
    shutil.rmtree(own_store.folder("second.model"))
    own_store.folder("second.model").symlink_to(outside)
    assert "second.model" not in garbage_of(own_store, keep=1)


def test_a_run_that_is_going_on_is_not_disturbed(own_store, collect):
    with only_run(own_store.root):
        for more in ([], ["--dry-run"]):
            code, _, err = collect("--keep", "1", *more)
            assert code == 2 and "Another run" in err


@pytest.mark.parametrize("keep", ["0", "-1"])
def test_keep_has_a_least_value(collect, keep):
    code, _, err = collect("--keep", keep)
    assert code == 2 and "`--keep` must be at least 1" in err


def test_no_store_is_the_users_mistake(tmp_path, capsys):
    assert cli.main(["gc", "--keep", "1", "--workdir", str(tmp_path / "none")]) == 2
    assert "There is no ML Metadata" in capsys.readouterr().err


def test_a_work_directory_that_is_not_there(own_store, tmp_path, capsys):
    where = ["--workdir", str(tmp_path / "none"), "--set", f"metadata.url=sqlite:///{own_store.path}"]
    assert cli.main(["gc", "--keep", "1", *where]) == 2
    assert "There is no work directory" in capsys.readouterr().err


def test_a_warm_start_does_not_keep_the_runs_before_it(write_to, tmp_path):
    writer, made, before = write_to.writer(tmp_path), {}, None
    for number, run_id in enumerate(("2026-01-01", "2026-01-02", "2026-01-03"), 1):
        run = writer.context("pipeline_run", run_id)
        examples = writer.artifact("Examples", f"ProductExampleGen/examples/{number}")
        writer.execution(run, "ProductExampleGen", {}, {"examples": examples})
        if before is not None:
            writer.execution(run, "PushedTowers", {}, {"result": before})
        model = writer.artifact("Model", f"RetrievalTrainer/model/{number}")
        refit = writer.artifact("Model", f"RetrievalRefit/model/{number}")
        start = {} if before is None else {"base_model": before}
        writer.execution(run, "RetrievalTrainer", {"examples": examples} | start, {"model": model})
        writer.execution(run, "RetrievalRefit", {"examples": examples, "base_model": model}, {"model": refit})
        made |= {examples: f"examples {number}", model: f"model {number}", refit: f"refit {number}"}
        before = model
    graph = read_graph(tmp_path / "metadata.db")
    found = find_garbage(graph, tmp_path / "artifacts", 1, tmp_path / "serving")
    # The newest run needs the model that it began from, and not what that was made of.
    expected = {"examples 1", "model 1", "refit 1", "examples 2", "refit 2"}
    assert {made[artifact.id] for artifact in found.artifacts} == expected
