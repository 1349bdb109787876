import pytest

from benchmarks.quality.protocols import ALL, COLD, NEW, NEW_FOR_YOU, UNION, Bar, Protocol, protocol
from benchmarks.quality.report import baselines, build_report, systems
from benchmarks.quality.tables import markdown
from schema.errors import UserError


def metric(mean, low=None, high=None):
    return {"mean": mean} if low is None else {"mean": mean, "low": low, "high": high}


def run(ours=0.42, union=0.47, cold=0.02):
    """What `towerline run --json` prints, with a baseline good at accuracy and one good at coverage."""
    return {
        "metrics": {
            "systems": {
                "towerline": {"ndcg@10": metric(ours, 0.40, 0.44), "coverage@10": metric(0.06)},
                "wide": {"ndcg@10": metric(0.10, 0.09, 0.11), "coverage@10": metric(0.70)},
                "exact": {"ndcg@10": metric(0.41, 0.39, 0.43), "coverage@10": metric(0.05)},
                "champion": {"ndcg@10": metric(0.43, 0.41, 0.45), "coverage@10": metric(0.90)},
            },
            "differences": {"exact": {"ndcg@10": metric(0.01, -0.002, 0.03)}},
            "new_products_only": {
                "systems": {
                    "towerline": {"ndcg@10": metric(0.05, 0.04, 0.06)},
                    "wide": {"ndcg@10": metric(0.047, 0.04, 0.05)},
                    "exact": {"ndcg@10": metric(0.02, 0.01, 0.03)},
                },
                "differences": {"wide": {"ndcg@10": metric(0.003, 0.001, 0.005)}},
            },
            "new_for_you": {"num_queries": 9, "recall@100": metric(0.054, 0.04, 0.07)},
            "slices": {
                "cold_products": {
                    "num_queries": 9,
                    "systems": {
                        "towerline": {
                            "recall@100": metric(cold, 0.0, 0.05),
                            "ndcg@10": metric(0.0, 0.0, 0.0),
                        },
                        "exact": {"recall@100": metric(0.0, 0.0, 0.0), "ndcg@10": metric(0.0, 0.0, 0.0)},
                    },
                }
            },
        },
        "retrieval": {
            "recall": {
                "ease": {"recall@100": 0.2, "recall@1000": 0.4},
                "union": {"recall@500": union, "recall@1000": 0.55, "recall": 0.56},
            }
        },
        "stages": [{"node": "Transform", "outcome": "ran", "seconds": 61.2}],
        "seconds": 100.0,
    }


BARS = (
    Bar("accuracy", ALL, "ndcg@10", 0.411, 0.425),
    Bar("coverage", ALL, "coverage@10", 0.06, 0.09),
    Bar("new", NEW, "ndcg@10", 0.051, 0.06),
    Bar("union", UNION, "recall@500", 0.46, 0.5),
    Bar("cold", COLD, "recall@100", 0.0, 0.03),
    Bar("listed", NEW_FOR_YOU, "recall@100", 0.05),
    Bar("elsewhere", UNION, "recall@900", 0.5, 0.56),
    Bar("told only", ALL, "ndcg@10"),
)


def rows(*runs):
    report = build_report(Protocol("shop", "full", bars=BARS), range(42, 42 + len(runs)), runs)
    return {row.bar.label: row for row in report.rows}


def test_mean_and_deviation_over_seeds_and_interval_of_the_first():
    row = rows(run(0.40), run(0.42), run(0.44))["accuracy"]

    assert row.values == (0.40, 0.42, 0.44)
    assert row.mean == pytest.approx(0.42)
    assert row.deviation == pytest.approx(0.02)  # of 0.02² + 0 + 0.02² over 2
    assert row.interval == (0.40, 0.44)
    assert row.is_met


def test_one_seed_has_no_deviation():
    assert rows(run())["accuracy"].deviation is None


def test_best_baseline_is_the_most_accurate_and_never_the_champion():
    row = rows(run())["accuracy"]

    assert (row.baseline, row.baseline_value) == ("exact", 0.41)
    assert row.difference == (0.01, -0.002, 0.03)


def test_coverage_is_held_against_the_most_accurate_baseline():
    row = rows(run())["coverage"]

    assert (row.baseline, row.baseline_value) == ("exact", 0.05)
    assert row.is_met  # equal to the bar is enough


def test_new_for_you_has_an_interval_and_no_baseline():
    row = rows(run())["listed"]

    assert (row.mean, row.interval, row.baseline) == (0.054, (0.04, 0.07), None)
    assert row.is_met


def test_each_question_has_its_own_best_baseline():
    row = rows(run())["new"]

    assert (row.baseline, row.baseline_value, row.difference) == ("wide", 0.047, (0.003, 0.001, 0.005))
    assert row.is_met is False  # .05 of .051


def test_union_is_of_the_retrieval_and_has_no_baseline():
    row = rows(run(union=0.45), run(union=0.49))["union"]

    assert row.mean == pytest.approx(0.47)
    assert row.baseline is None
    assert row.is_met


@pytest.mark.parametrize(("cold", "met"), [(0.0, False), (0.001, True)])
def test_bar_of_zero_asks_for_more_than_zero(cold, met):
    row = rows(run(cold=cold))["cold"]

    assert row.is_met is met
    assert row.baseline_value == 0.0


def test_what_was_not_measured_is_not_met_nor_missed():
    row = rows(run())["elsewhere"]

    assert (row.values, row.mean, row.is_met) == ((), None, None)


def test_row_without_a_bar_asks_nothing():
    assert rows(run())["told only"].is_met is None


def test_baselines_by_accuracy():
    assert baselines(run(), ALL) == ["exact", "wide"]
    assert baselines(run(), NEW) == ["wide", "exact"]
    assert systems({}, NEW) == {}


def test_markdown_holds_every_table():
    report = build_report(Protocol("shop", "full", bars=BARS), (42, 43), (run(0.40), run(0.43)))

    text = markdown(report, "towerline benchmark quality")

    cells = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if "|" in line
    ]
    by_name = {line[0]: line[1:] for line in reversed(cells)}
    assert by_name["accuracy"] == [
        ".4150 ± .0212",
        "[.4000, .4400]",
        ".4100 (exact)",
        "+.0100 [-.0020, +.0300]",
        "0.411",
        "0.425",
        "yes",
    ]
    assert by_name["new"][-1] == "**no**"
    assert by_name["cold"][-3:] == ["> 0", "0.03", "yes"]
    assert by_name["elsewhere"] == ["–", "–", "–", "–", "0.5", "0.56", "–"]
    assert by_name["source"] == ["recall@100", "recall@500", "recall@1000", "recall"]
    assert by_name["union"] in ([".4700 ± .0000", "–", "–", "–", "0.46", "0.5", "yes"],)
    assert ["ease", ".2000", "–", ".4000", "–"] in cells
    assert ["towerline", ".4150", "–", "–", ".0600"] in cells
    assert by_name["Transform"] == ["61", "61"]
    assert text.startswith("```\ntowerline benchmark quality\n```")


def test_protocols_ask_for_the_bar_on_all_the_data_only():
    full, quick = protocol("complete-journey", "full"), protocol("complete-journey", "quick")

    assert next((bar.must, bar.aim) for bar in full.bars) == (0.417, 0.425)
    assert {bar.must for bar in quick.bars} == {None}
    assert [bar.label for bar in full.bars] == [bar.label for bar in quick.bars]
    with pytest.raises(UserError, match="complete-journey, movielens-100k"):
        protocol("netflix", "full")
