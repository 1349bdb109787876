"""Examples with reasons, and what scores are worth."""

from __future__ import annotations

from pipeline.reporting import examples_section
from pipeline.reporting.examples_section import lists_sections


def test_examples_say_why_and_whether_it_was_bought(graph):
    page = lists_sections(graph, graph.runs[0])
    # 007 bought p1 twice before the test window (at 100 and 200 of 400 seconds) and bought it in the window
    assert "User 007, who bought 2 products" in page
    assert '<td class="figure">1</td><td>p1</td><td>bought 2 times, 1 hour ago</td><td>yes</td>' in page
    assert '<td class="figure">2</td><td>p9</td><td>popular with everybody</td><td></td>' in page
    assert "User u&lt;2&gt;" in page and "goes with what you bought" in page


def test_shares_by_score():
    # twenty products of one user, scored 0 to 19, of which the four best and the worst were bought
    listed = [{"product_id": f"p{number}", "score": float(number)} for number in range(20)]
    page = examples_section._calibration({"u": listed}, {"u": {"p19", "p18", "p17", "p16", "p0"}})
    assert "highest scores 100.0% were bought, of the tenth with the lowest 50.0%" in page
    assert "In 1 of 9 steps a higher tenth was bought less often" in page
    assert page.index("10th tenth, score 18.00") < page.index("1st tenth, score 0.00")
    assert examples_section._calibration({"u": listed[:9]}, {"u": set()}) == ""
