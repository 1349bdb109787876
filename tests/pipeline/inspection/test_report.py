"""The report: one file, nothing from elsewhere, and every text escaped."""

from __future__ import annotations

import json
import re
import shutil
from html.parser import HTMLParser

import pytest

from pipeline import cli
from pipeline.inspection.addresses import find_run
from pipeline.inspection.graph import read_graph
from pipeline.reporting import charts
from pipeline.reporting.page import report_page
from pipeline.reporting.record import masked, write_record
from pipeline.reporting.run_sections import inequality, read_shop

VOID = {"meta", "link", "br"}


class Checker(HTMLParser):
    """Balances the tags, and gathers ids and addresses."""

    def __init__(self) -> None:
        super().__init__()
        self.open, self.ids, self.links = [], [], []

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        self.ids += [found["id"]] if "id" in found else []
        self.links += [value for name, value in attrs if name in ("src", "href")]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


@pytest.fixture(params=[0, 1, 2], ids=["pushed", "refused", "killed"])
def page(request, graph, run_ids, tmp_path):
    return report_page(graph, find_run(graph, run_ids[request.param]), tmp_path, compare=graph.runs[0])


def test_the_page_is_whole_and_needs_nothing_else(page):
    checker = Checker()
    checker.feed(page)
    assert checker.open == []
    assert len(set(checker.ids)) == len(checker.ids)
    assert [link for link in checker.links if not link.startswith(("#", "data:,"))] == []
    assert {link[1:] for link in checker.links if link.startswith("#")} <= set(checker.ids)
    assert not re.search(r"@import|url\(", page)


def test_what_a_reader_looks_for(graph, run_ids, tmp_path):
    write_record(tmp_path, run_ids[1], ["towerline", "run", "--set", "seed=<7>"], {"seed": 7}, "abc")
    page = report_page(graph, find_run(graph, run_ids[1]), tmp_path)
    for text in (
        "Not pushed",
        "NDCG 0.25.",
        "popularity",
        "new_users",
        "Values are out of the range",
        "sqlite:///shop.db",
        "seed=&lt;7&gt;",
        "Gini",
        "cached, ",
        "#node-Pusher",
        "lost in",
    ):
        assert text in page, text
    assert "u<2>" not in page and "<7>" not in page


def test_a_run_without_files_has_a_report_still(own_store, tmp_path):
    shutil.rmtree(own_store.root / "artifacts")
    graph = read_graph(own_store.path)
    assert "The run measured nothing." in report_page(graph, graph.runs[0], tmp_path, compare=graph.runs[1])


def test_the_command(shared_store, tmp_path, capsys):
    where = ["--workdir", str(shared_store.root)]
    target = tmp_path / "r.html"
    assert (
        cli.main(["report", "2026-01-01", "--compare", "previous", "--output", str(target), "--json", *where])
        == 0
    )
    assert json.loads(capsys.readouterr().out)["bytes"] == target.stat().st_size
    assert cli.main(["report", "--output", str(tmp_path / "no" / "r.html"), *where]) == 2
    assert "cannot be written" in capsys.readouterr().err


@pytest.mark.parametrize(
    "text",
    ["--source postgresql://reader:se:cr@et@db/shop", "--set 'source={url: \"mysql://a:secr@et@h/s\"}'"],
)
def test_passwords_are_masked(text):
    assert "et@" not in masked(text) and "secr" not in masked(text) and ":***@" in masked(text)


def test_shop_counts(shared_store):
    shop = read_shop(shared_store.folder("first.interactions"), num_catalog=6)
    assert (shop.num_events, shop.num_users, shop.num_products, shop.num_pairs) == (4, 2, 3, 3)
    assert shop.sparsity == 1 - 3 / 12


def test_inequality():
    curve, gini = inequality([0, 0, 0, 8])
    assert curve == (0, 0, 0, 0, 1) and gini == 0.75
    curve, gini = inequality([5, 5])
    assert curve == (0, 0.5, 1) and gini == 0


def test_charts_stand_values_that_are_missing_or_all_alike():
    assert charts.whiskers({"a": None}, "nothing") == ""
    assert "NaN" not in charts.whiskers({"a": {"mean": 0.0}}, "zero") + charts.curves({"loss": [1.0]}, "one")
    assert charts.stacked({"lost": -0.5, "reached": 0.0}, "none").count("<rect") == 2
