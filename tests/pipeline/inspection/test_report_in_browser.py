"""The report in a real Chromium: wide and narrow, light and dark, on paper, by keyboard, without errors."""

from __future__ import annotations

import pytest

from pipeline.inspection.addresses import find_run
from pipeline.reporting.page import report_page
from pipeline.reporting.record import write_record

DESKTOP, PHONE = (1280, 900), (390, 844)


@pytest.fixture(scope="module")
def address(graph, run_ids, tmp_path_factory):
    folder = tmp_path_factory.mktemp("report")
    write_record(folder, run_ids[1], ["towerline", "run", "--set", "seed=7"], {"seed": 7}, "abc")
    page = report_page(graph, find_run(graph, run_ids[1]), folder, compare=graph.runs[0])
    (folder / "r.html").write_text(page, encoding="utf-8")
    return (folder / "r.html").as_uri()


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_everybody_can_read_it(browser, address, size, dark, tmp_path):
    with browser.page(size, dark) as page:
        page.open(address)
        assert page.problems == [] and page.requests == [address]
        assert page.overflow() <= 0
        assert page.accessibility_problems() == []
        ground = page.evaluate("getComputedStyle(document.documentElement).colorScheme")
        assert ground == "light dark"
        picture = page.screenshot(tmp_path / "r.png")
        assert len(picture) > 20_000  # an empty page of this size has a tenth of that


def test_light_and_dark_differ(browser, address, tmp_path):
    pictures = []
    for dark in (False, True):
        with browser.page(PHONE, dark) as page:
            pictures.append(page.open(address).screenshot(tmp_path / "r.png"))
    assert pictures[0] != pictures[1]


def test_a_click_on_a_node_opens_its_artifacts(browser, address):
    with browser.page() as page:
        page.open(address)
        node = "document.getElementById('node-Pusher')"
        assert page.evaluate(f"{node}.open") is False
        page.click(".dag a[href='#node-Pusher'] rect")
        page.wait_for(f"{node}.open")
        assert "pushed_model" in page.text("#node-Pusher")
        assert page.accessibility_problems() == []


def test_a_node_is_reached_by_keyboard(browser, address):
    with browser.page() as page:
        page.open(address)
        page.evaluate("document.querySelector(\".dag a[href='#node-Pusher']\").focus()")
        page.press("Enter")
        page.wait_for("document.getElementById('node-Pusher').open")


def test_on_paper_all_is_open(browser, address):
    with browser.page() as page:
        page.open(address)
        assert page.printed().startswith(b"%PDF")
        assert page.evaluate("[...document.querySelectorAll('details')].every((part) => part.open)") is True
