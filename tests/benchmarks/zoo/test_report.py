"""The table of the zoo, from what runs print."""

from __future__ import annotations

import pytest

from benchmarks.zoo.report import as_dict, geometric_mean, markdown, result_of


def run(ours, ease, popularity=0.1, new=None, blessed=True):
    def part(value, other):
        systems = {"towerline": value, "ease": other, "popularity": popularity}
        return {
            "systems": {name: {"ndcg@10": {"mean": mean}} for name, mean in systems.items()},
            "differences": {
                name: {
                    "ndcg@10": {"mean": value - mean, "low": value - mean - 0.02, "high": value - mean + 0.01}
                }
                for name, mean in systems.items()
                if name != "towerline"
            },
        }

    gates = [{"passed": blessed, "detail": "Everything: clearly worse."}]
    metrics = part(ours, ease) | {"blessed": blessed, "gates": gates}
    return {"metrics": metrics | ({"new_products_only": part(*new)} if new else {})}


def test_the_best_classic_is_the_one_beside():
    found = result_of("fashion", run(0.3, 0.2, new=(0.06, 0.05)), 12.0)
    everything, new = found.questions["all"], found.questions["new"]
    assert (everything.best, everything.ratio) == ("ease", pytest.approx(1.5))
    assert (new.best, new.ratio) == ("popularity", pytest.approx(0.6))
    assert everything.low == pytest.approx(0.08)


def test_means_are_geometric():
    results = [result_of("a", run(0.4, 0.2), 1.0), result_of("b", run(0.1, 0.2), 1.0)]
    assert geometric_mean(results, "all") == pytest.approx(1.0)
    assert as_dict(results)["worst"]["all"] == pytest.approx(0.5)


def test_nothing_to_ask_is_no_ratio():
    found = result_of("a", run(0.4, 0.2), 1.0)
    assert "new" not in found.questions and geometric_mean([found], "new") == 1.0


def test_the_table_says_what_was_refused_and_why():
    results = [
        result_of("a", run(0.4, 0.2, new=(0.06, 0.05)), 61.4),
        result_of("b", run(0.1, 0.2, blessed=False), 1.0),
    ]
    text = markdown(results, "towerline benchmark zoo")
    row = next(line for line in text.splitlines() if line.startswith("| a "))
    assert [cell.strip() for cell in row.split("|")[1:6]] == [
        "a",
        ".4000",
        ".2000 ease",
        "2.000",
        "+.2000 [+.1800, +.2100]",
    ]
    assert row.split("|")[-3].strip() == "blessed" and row.split("|")[-2].strip() == "61"
    assert "b was refused: Everything: clearly worse." in text
    assert "everything: geometric mean 1.000, worst 0.500" in text
