"""docs/metadata.md shows the tables that the commands print."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pipeline import cli

PAGE = (Path(__file__).parents[3] / "docs" / "metadata.md").read_text(encoding="utf-8")
RULE = re.compile(r"^ ─+$")


def columns(line):
    return re.split(r"\s{2,}", line.strip())


def documented():
    blocks = re.findall(r"^```\n(.*?)^```", PAGE, re.M | re.S)
    return [columns(line) for block in blocks for line in block.splitlines()]


@pytest.mark.parametrize(
    ("words", "titles"),
    [
        (("runs",), {"run"}),
        (("inspect", "run", "2026-01-02"), {"node"}),
        (("inspect", "artifact", "ProductExampleGen.examples"), {"feature"}),
        (("inspect", "lineage", "--item", "007", "p1"), set()),
        (("inspect", "diff", "2026-01-01", "2026-01-02"), {"key", "metric"}),
        (("inspect", "drift"), {"feature"}),
    ],
)
def test_the_columns_are_those_of_the_page(shared_store, capsys, words, titles):
    assert cli.main([*words, "--workdir", str(shared_store.root)]) == 0
    lines = capsys.readouterr().out.splitlines()
    heads = [columns(lines[place - 1]) for place, line in enumerate(lines) if RULE.match(line)]
    shown = documented()
    found = [head for head in heads if head[:1] and head[0] in titles]
    assert {head[0] for head in found} == titles
    for head in found:
        # of the sample rows of an artifact the page shows as many as fit
        assert [line for line in shown if line == head or (line[1:] and head[: len(line)] == line)], head


def test_the_words_are_those_of_the_page(shared_store, capsys):
    for words, texts in (
        (("inspect", "lineage"), ["├─ model: Model", "└─ seen above: ", "Data"]),
        (
            ("inspect", "lineage", "--item", "007", "p1"),
            ["in the evaluation  rank ", " events of the user with"],
        ),
        (("inspect", "drift"), ["Features, largest drift first", "No feature is beyond its threshold."]),
        (("inspect", "diff", "2026-01-01", "2026-01-02"), ["Metrics of the recommender", "Configuration"]),
        (("runs", "--watch"), ["Run 2026-", "[ 2] ", "Ended "]),
    ):
        cli.main([*words, "--workdir", str(shared_store.root)])
        out = capsys.readouterr().out
        for text in texts:
            assert text in out and text in PAGE, text
