"""`towerline forget` on a real run; it comes last, for it changes the work directory that all share."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def gone(odd_users):
    """Ids, and a piece of each that nothing else has, as files may write it."""
    return {
        odd_users["u2"]: ('"quoted" `so`', '\\"quoted\\" `so`', '\\\\\\"quoted', "&quot;quoted&quot;"),
        odd_users["u3"]: ("漢字 😀", "\\u6f22\\u5b57", "\\\\u6f22"),
        odd_users["u4"]: ("two\nlines", "two\\nlines", "two\\\\nlines", "two\u2424lines"),
    }


@pytest.fixture(scope="module")
def receipt(first, run_towerline, workdir, gone):
    users = [part for user_id in gone for part in ("--user", user_id)]
    done = run_towerline("forget", "--workdir", workdir, *users, "--json")
    assert done.code == 0, done.err
    return json.loads(done.out)


def content(path: Path) -> bytes:
    """All that a file says, taken out of its compression."""
    if path.suffix == ".gz":
        return gzip.decompress(path.read_bytes())
    if path.suffix in (".parquet", ".arrow"):
        table = pq.read_table(path) if path.suffix == ".parquet" else pa.ipc.open_file(str(path)).read_all()
        return "\n".join(str(value) for column in table.columns for value in column.to_pylist()).encode()
    return path.read_bytes()


def files_with(workdir: Path, pieces) -> set[Path]:
    files = [path for path in workdir.rglob("*") if path.is_file()]
    return {path for path in files if any(piece.encode() in content(path) for piece in pieces)}


def test_they_stand_only_where_the_receipt_says_so(receipt, workdir, gone):
    told = {
        Path(item["uri"], name)
        for item in receipt["artifacts"]
        for name in item["files"]
        if item["holds"] == "by name"
    }
    found = set().union(*(files_with(workdir, pieces) for pieces in gone.values()))
    assert found and found == told
    assert not [path for path in found if not path.is_relative_to(workdir / "artifacts")]


def test_the_receipt_follows_the_lineage(receipt, workdir):
    held = {(item["node"], item["holds"]) for item in receipt["artifacts"]}
    assert {("ProductExampleGen", "by name"), ("CandidateGenerator", "by name")} <= held
    assert {("RetrievalTrainer", "in sums"), ("IndexRefit", "in sums")} <= held
    assert "ImportSchemaGen" not in {node for node, _ in held}
    versions = {version["version"] for version in receipt["versions"]}
    assert versions == {path.name for path in (workdir / "serving").iterdir() if path.name.isdigit()}
    newest = receipt["versions"][-1]
    assert newest["is_newest"] and "assets.extra/histories/users.arrow" in newest["cleaned"]
    assert not receipt["is_running"]


def test_they_are_strangers_to_every_command(receipt, run_towerline, workdir, gone):
    answers = [
        json.loads(run_towerline("recommend", "--workdir", workdir, "--user", user_id, "--json").out)
        for user_id in (next(iter(gone)), "never seen")
    ]
    assert not answers[0]["known_user"] and answers[0]["items"] == answers[1]["items"]


def test_the_next_run_leaves_them_out_and_says_so(receipt, workdir, shop):
    from pipeline.config.settings import TowerlineConfig
    from pipeline.planning.planner import make_plan

    config = TowerlineConfig.parse({"source": {"url": f"sqlite:///{shop}"}})
    planned = make_plan(config, str(workdir))
    found = {item.table: item for item in planned.plan.findings if item.kind == "forgotten users"}
    assert found["events"].rows_left_out > 0 and found["users"].rows_left_out == len(receipt["users"])
    assert set(planned.plan.config.source.forgotten) == set(receipt["users"])


def test_again_finds_nothing_more_to_clean(receipt, run_towerline, workdir, gone):
    users = [part for user_id in gone for part in ("--user", user_id)]
    again = json.loads(run_towerline("forget", "--workdir", workdir, *users, "--gc", "--json").out)
    assert set(again["users"].values()) == {False}
    assert again["cleaned"] == [] and not any(version["cleaned"] for version in again["versions"])
    assert "removable" not in {item["fate"] for item in again["artifacts"]}
