"""The section about diversity in the report of a run."""

from pipeline.reporting.page import diversity_section

CURVE = {
    "num_queries": 1234,
    "method": "mmr",
    "chosen": 0.1,
    "points": [
        {"diversity": 0.0, "ndcg@10": 0.5, "coverage@10": 0.05, "category_diversity@10": 0.4},
        {"diversity": 0.1, "ndcg@10": 0.49, "coverage@10": 0.06, "category_diversity@10": 0.5},
    ],
}


def test_the_curve_is_drawn_and_the_served_strength_marked():
    html = diversity_section({"diversity_curve": CURVE})
    assert '<section id="diversity">' in html and html.count("<polyline") == 3
    assert "diversity 0, 0.1; 1234 users" in html
    assert "0.1 (served)" in html and "-2.00%" in html and "+0.00%" in html
    assert "miscalibration" not in html  # not every catalogue has categories


def test_without_a_curve_there_is_no_section():
    assert diversity_section({}) == "" and diversity_section({"diversity_curve": {}}) == ""
    nothing = [{"diversity": 0.0, "ndcg@10": 0.0}]
    assert "+0.00%" in diversity_section({"diversity_curve": {"points": nothing}})
