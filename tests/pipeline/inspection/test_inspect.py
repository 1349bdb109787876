"""`towerline inspect` on a small store of real executions and artifacts."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from xml.etree import ElementTree

import pytest

from pipeline import cli
from pipeline.inspection.addresses import find_artifact, find_model, find_node, find_run
from pipeline.inspection.diff import diff_view
from pipeline.inspection.drawing import to_dot, to_svg
from pipeline.inspection.graph import read_graph
from pipeline.inspection.lineage import lineage_view
from pipeline.inspection.run_view import node_view, run_view
from pipeline.inspection.statistics import drift
from schema.errors import UserError


@pytest.fixture
def towerline(shared_store, capsys):
    """Calls the command line; returns code, stdout and stderr."""

    def call(*arguments):
        code = cli.main([*arguments, "--workdir", str(shared_store.root)])
        return code, *capsys.readouterr()

    return call


def test_runs_are_found_by_id_beginning_and_word(graph, run_ids):
    first, second, third = run_ids
    for name, expected in ((first, first), ("2026-01-02", second), ("latest", third), ("previous", second)):
        assert find_run(graph, name).run_id == expected


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("2026-01-04", "nearest is '2026-01-0"),
        ("2026", "Several runs begin with"),
        ("", "There is no run ''"),
    ],
)
def test_a_wrong_run_names_the_nearest(graph, name, message):
    with pytest.raises(UserError, match=message):
        find_run(graph, name)


def test_other_addresses(graph, shared_store):
    assert find_artifact(graph, str(shared_store.ids["first.model"])).type_name == "Model"
    assert find_artifact(graph, "Pusher.pushed_model").id == shared_store.ids["second.pushed"]
    assert find_model(graph, None).id == find_model(graph, "11").id == shared_store.ids["first.pushed"]
    run = find_run(graph, "2026-01-01")
    assert find_node(graph, run, "pusher").node == "Pusher"
    for finder, arguments, message in (
        (find_artifact, ("9999",), "no artifact '9999'"),
        (find_model, ("12",), "nearest is '11'"),
        (find_node, (run, "Pushr"), "nearest is 'Pusher'"),
    ):
        with pytest.raises(UserError, match=message):
            finder(graph, *arguments)


def test_states_of_the_runs(towerline, run_ids):
    code, out, _ = towerline("runs", "--json")
    rows = json.loads(out)
    assert code == 0
    assert [row["run_id"] for row in rows] == list(run_ids)
    assert [row["state"] for row in rows] == ["pushed", "refused", "killed"]
    assert [row["cached"] for row in rows] == [0, 2, 0]
    assert [row["ndcg@10"] for row in rows] == [0.5, 0.25, None]
    assert [row["pushed_version"] for row in rows] == ["11", None, None]
    newest_first = towerline("runs")[1]
    assert newest_first.index(run_ids[2]) < newest_first.index(run_ids[0])


def test_a_run(graph, run_ids):
    view = run_view(graph, find_run(graph, run_ids[1]), is_alive=False)
    assert view.data["state"] == "refused" and view.data["refusals"]
    assert view.data["data"]["source"] == "sqlite:///shop.db" and view.data["data"]["events"] == 4
    text = view.text()
    assert "FAILED gates.min_ndcg: NDCG 0.25." in text and "Values are out of the range" in text


def test_a_cached_node_says_whose_work_it_is(graph, run_ids, tmp_path):
    run = find_run(graph, run_ids[1])
    execution = find_node(graph, run, "ProductExampleGen")
    view = node_view(graph, run, execution, False, "key-1", tmp_path)
    assert view.data["cached_from"] == run_ids[0] and view.data["cache_key"] == "key-1"
    assert view.data["parameters"]["source"]["url"] == "sqlite:///shop.db"


def test_a_killed_node_shows_the_end_of_its_log(graph, run_ids, tmp_path):
    (tmp_path / "run-20200101T000000.log").write_text("much\nOutOfMemory\n")
    (tmp_path / "run-20990101T000000.log").write_text("of later\n")
    run = find_run(graph, run_ids[2])
    view = node_view(graph, run, find_node(graph, run, "StatisticsGen"), False, "", tmp_path)
    assert view.data["state"] == "killed" and view.data["log_tail"][-1].strip() == "OutOfMemory"


def test_the_cache_key_comes_from_the_store(towerline, run_ids):
    data = json.loads(towerline("inspect", "node", run_ids[0], "ProductExampleGen", "--json")[1])
    assert data["cache_key"] == "key-1"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("first.examples", ["Split test, 2 rows", "p1, p2", "u<2>", "30.5"]),
        ("first.interactions", ["4 events", "007"]),
        ("first.statistics", ["user__age", "20.0%", "red 50.0%"]),
        ("first.anomalies", ["Values are out of the range"]),
        ("first.evaluation", ["0.5000 [0.4000, 0.6000]", "popularity", "new_users", "min_ndcg"]),
        ("second.blessing", ["blessed  no", "NDCG is below."]),
        ("first.model", ["epoch", "2.5"]),
        ("first.pushed", ["still there  yes"]),
    ],
)
def test_content_of_artifacts(towerline, shared_store, name, expected):
    code, out, _ = towerline("inspect", "artifact", str(shared_store.ids[name]))
    assert code == 0
    assert [text for text in expected if text not in out] == []


def test_makers_and_users(towerline, shared_store, run_ids):
    data = json.loads(towerline("inspect", "artifact", str(shared_store.ids["first.examples"]), "--json")[1])
    assert data["made_by"] == {"execution": 1, "node": "ProductExampleGen", "run_id": run_ids[0]}
    assert [item["run_id"] for item in data["cached_by"]] == [run_ids[1]]
    assert {item["node"] for item in data["used_by"]} >= {"StatisticsGen", "RecommenderEvaluator"}


def test_what_is_left_of_a_missing_or_damaged_artifact_is_shown(own_store, capsys):
    shutil.rmtree(own_store.folder("first.examples"))
    (own_store.folder("first.anomalies") / "Split-test" / "SchemaDiff.pb").write_bytes(b"\xff\xff")
    for name, message in (("first.examples", "is missing"), ("first.anomalies", "cannot be read")):
        arguments = ["inspect", "artifact", str(own_store.ids[name]), "--workdir", str(own_store.root)]
        assert cli.main(arguments) == 0
        out = capsys.readouterr().out
        assert message in out and "made by" in out
    graph = read_graph(own_store.path)
    assert "its folder is gone" in lineage_view(graph, find_model(graph, None)).text()


def test_lineage_reaches_the_data_and_nothing_else(graph, shared_store, run_ids):
    view = lineage_view(graph, find_model(graph, None))
    names = ("pushed", "model", "blessing", "examples", "interactions")
    assert {item["id"] for item in view.data["artifacts"]} == {
        shared_store.ids[f"first.{name}"] for name in names
    }
    (data,) = view.data["data"]
    assert data["run_id"] == run_ids[0] and data["source"] == "sqlite:///shop.db"
    assert "└─ seen above" in view.text() and "Examples" in json.dumps(view.data)


def test_lineage_forward(graph, shared_store):
    view = lineage_view(graph, graph.artifacts[shared_store.ids["first.examples"]])
    made = {item["id"] for item in view.data["used_for"]}
    assert {shared_store.ids[name] for name in ("first.pushed", "second.pushed", "first.statistics")} <= made
    assert shared_store.ids["third.examples"] not in made


def test_lineage_as_pictures(graph, tmp_path, towerline):
    data = lineage_view(graph, find_model(graph, None)).data
    assert to_dot(data).count("->") == len(data["edges"])
    assert ElementTree.fromstring(to_svg(data)).tag.endswith("svg")
    assert towerline("inspect", "lineage", "--svg", str(tmp_path / "l.svg"))[0] == 0
    assert (tmp_path / "l.svg").is_file()
    code, _, err = towerline("inspect", "lineage", "--dot", str(tmp_path / "no" / "l.dot"))
    assert code == 2 and "cannot be written" in err


def test_lineage_of_a_recommended_item(towerline):
    code, out, _ = towerline("inspect", "lineage", "--item", "007", "p1")
    assert code == 0
    assert "rank 1, score 0.5000, source own_history" in out and "2 events of the user" in out
    assert "not among the 2 products" in towerline("inspect", "lineage", "--item", "007", "p7")[1]
    assert "not in the test window" in towerline("inspect", "lineage", "--item", "nobody", "p7")[1]


def test_difference_of_two_runs(graph, run_ids):
    first, second, third = (find_run(graph, name) for name in run_ids)
    data = diff_view(graph, first, second).data
    (change,) = data["config"]
    assert (change["key"], change["before"], change["after"]) == ("gates.min_ndcg", 0.4, 0.45)
    assert not data["data_or_code_changed"] and all(row["drift"] == 0 for row in data["drift"])
    assert data["stages"]["ranking"]["change"] == pytest.approx(0.25)
    # 007 had its first hit at rank 1 and has it at 2; the other user had one and has none
    assert data["paired"]["hit_rate@10"]["mean"] == pytest.approx(-0.5)
    assert data["paired"]["ndcg@10"]["num_users"] == 2
    assert diff_view(graph, first, third).data["data_or_code_changed"]


def test_drift_is_zero_to_one():
    def number(low, high):
        return {"kind": "number", "histogram": [(low, high, 8.0)]}

    assert drift(number(0, 1), number(0, 1)) == 0
    assert drift(number(0, 1), number(2, 3)) == pytest.approx(1)
    # halves [0, 1] and [1, 2] against all in the first: JS = 1 - 3/4 * log2(3) + 1/2 ...
    assert drift(number(0, 2), number(0, 1)) == pytest.approx(0.3112781, abs=1e-6)
    text = {"kind": "text", "shares": {"red": 0.75, "blue": 0.25}}
    assert drift(text, {"kind": "text", "shares": {"red": 1.0}}) == 0.25
    assert drift(text, number(0, 1)) == 1


@pytest.mark.parametrize("content", [None, b"", b"no database at all" * 100])
def test_a_store_that_cannot_be_read_is_one_line(tmp_path, capsys, content):
    if content is not None:
        (tmp_path / "metadata.db").write_bytes(content)
    assert cli.main(["inspect", "run", "--workdir", str(tmp_path)]) == 2
    err = capsys.readouterr().err
    assert err.startswith("towerline: ") and err.count("\n") == 1 and "Remedy" in err


def test_inspect_imports_no_tensorflow(shared_store):
    program = (
        "import sys\nfrom pipeline.cli import main\n"
        f"where = ['--workdir', {str(shared_store.root)!r}]\n"
        "for words in (['run'], ['lineage'], ['diff', '2026-01-01', '2026-01-02'], "
        f"['artifact', '{shared_store.ids['first.examples']}']):\n"
        "    assert main(['inspect', *words, *where]) == 0\n"
        "heavy = {'tensorflow', 'tfx', 'apache_beam', 'tensorflow_data_validation'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
