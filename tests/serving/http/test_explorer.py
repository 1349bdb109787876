"""The explorer page and the run history in a real browser.

Pictures of every state are left in the folder that the environment variable TOWERLINE_SCREENSHOTS names, or
else in pytest's temporary folder.
"""

import os
from pathlib import Path

import pytest

from serving.http.extras import Extras, RunHistory

PHONE = (390, 844)
SHOWN = "document.querySelectorAll('#items .product').length"
READY = f"{SHOWN} > 0 && !document.body.classList.contains('busy')"
RUN = {
    "run_id": "run-1",
    "state": "complete",
    "started": 1.7e9,
    "seconds": 291.2,
    "nodes": {"complete": 22},
    "events": 1000,
    "ndcg@10": 0.4,
    "blessed": True,
    "pushed_version": 1000,
}


@pytest.fixture(scope="module")
def address(make_server, listening, tmp_path_factory):
    reports = tmp_path_factory.mktemp("reports")
    (reports / "run-1.html").write_text("<!doctype html><title>r</title>")
    with listening(make_server(port=0, extras=Extras(runs=RunHistory(lambda: [RUN], reports)))) as address:
        yield address


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    named = os.environ.get("TOWERLINE_SCREENSHOTS")
    folder = Path(named) if named else tmp_path_factory.mktemp("screenshots")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def texts(page, selector):
    return page.evaluate(f"[...document.querySelectorAll('{selector}')].map(e => e.textContent)")


def fill(page, field, value, event="change"):
    page.evaluate(
        f"(() => {{ const e = document.getElementById('{field}'); e.value = '{value}';"
        f" e.dispatchEvent(new Event('{event}', {{bubbles: true}})); }})()"
    )


def ask_for(page, user):
    page.evaluate(f"document.getElementById('user').value = '{user}'")
    page.click("#ask button")
    page.wait_for(f"document.getElementById('history-note').textContent.includes('events of {user}')")
    page.wait_for(READY)


def test_a_user_with_history_candidates_and_lists_side_by_side(browser, address, folder, client):
    with browser.page() as page:
        page.open(address + "/").wait_for(READY)
        page.screenshot(folder / "stranger.png")
        ask_for(page, "u5")
        expected = client.post("/v1/recommendations", json={"user_id": "u5"}).json()["items"]
        assert texts(page, "#items .product") == [item["product_id"] for item in expected]
        assert expected[0]["reason"] in page.text("#items li")
        events = client.get("/v1/users/u5").json()["history"]
        assert texts(page, "#history .product")[0] == events[-1]["product_id"]
        name = page.evaluate("document.querySelector('#timeline svg').getAttribute('aria-label')")
        assert name.startswith(f"{len(events)} events from 20")
        assert "own history" in page.text("#candidates").lower()
        assert len(texts(page, "#ranked .product")) == 10
        assert "Model 1000" in page.text("#model") and "A known user." in page.text("#status")
        page.screenshot(folder / "user.png")
        assert page.problems == [] and page.accessibility_problems() == []
        assert {url.split("/")[2] for url in page.requests} == {address.removeprefix("http://")}


def test_the_knob_and_the_filters_act_at_once(browser, address, folder, client):
    with browser.page() as page:
        page.open(address + "/").wait_for(READY)
        ask_for(page, "u5")
        before = texts(page, "#items .product")
        fill(page, "diversity", "0.9", "input")
        assert page.text("#diversity-value") == "0.9"
        fill(page, "diversity", "0.9")
        page.wait_for(f"document.querySelector('#items .product').textContent && {READY}")
        asked = {"user_id": "u5", "diversity": 0.9}
        expected = [i["product_id"] for i in client.post("/v1/recommendations", json=asked).json()["items"]]
        shown = "JSON.stringify([...document.querySelectorAll('#items .product')].map(e => e.textContent))"
        page.wait_for(f"{shown} === JSON.stringify({expected!r})")
        assert expected != before and page.evaluate("document.querySelectorAll('#items .up').length") > 0
        fill(page, "diversity", "0")
        page.click("#exclude")
        asked = {"user_id": "u5", "exclude_purchased": True}
        expected = [i["product_id"] for i in client.post("/v1/recommendations", json=asked).json()["items"]]
        page.wait_for(f"{shown} === JSON.stringify({expected!r})")
        fill(page, "filter-column", "colour")
        page.wait_for("!document.getElementById('filter-value').disabled")
        assert set(
            page.evaluate("[...document.getElementById('filter-values').options].map(o => o.value)")
        ) == {
            "red",
            "blue",
        }
        fill(page, "filter-value", "red")
        asked["filters"] = {"colour": "red"}
        expected = [i["product_id"] for i in client.post("/v1/recommendations", json=asked).json()["items"]]
        page.wait_for(f"{shown} === JSON.stringify({expected!r})")
        page.screenshot(folder / "filtered.png")
        assert page.problems == [] and page.accessibility_problems() == []


def test_neighbours_search_and_an_invented_user(browser, address, folder, client):
    with browser.page() as page:
        page.open(address + "/").wait_for(READY)
        page.evaluate("document.getElementById('text').value = 'bleu'")
        page.click("#find button")
        page.wait_for("document.getElementById('found-note').textContent.includes('bleu')")
        found = client.post("/v1/search", json={"text": "bleu"}).json()["items"]
        assert texts(page, "#found .product") == [item["product_id"] for item in found]
        for number in range(3):
            page.click(f"#found li:nth-child({number + 1}) .add")
            page.wait_for(f"document.querySelectorAll('#history .product').length === {number + 1}")
        page.wait_for(READY)
        assert "An invented user." in page.text("#status") and "3 invented events" in page.text(
            "#history-note"
        )
        first = found[0]["product_id"]
        page.click("#found li:nth-child(1) .product")
        page.wait_for("document.getElementById('found-note').textContent.startsWith('Neighbours of')")
        alike = client.post("/v1/similar", json={"product_id": first}).json()["items"]
        assert texts(page, "#found .product") == [item["product_id"] for item in alike]
        page.screenshot(folder / "invented.png")
        assert page.problems == [] and page.accessibility_problems() == []
        page.click("#forget")
        page.wait_for("document.getElementById('forget').hidden")
        assert texts(page, "#history .product") == []


def test_by_keyboard_alone(browser, address):
    with browser.page() as page:
        page.open(address + "/").wait_for(READY)
        page.evaluate("document.getElementById('user').focus()")
        page.call("Input.insertText", text="u5")
        page.press("Enter")
        page.wait_for("document.getElementById('history-note').textContent.includes('events of u5')")
        page.wait_for(READY)
        page.evaluate("document.querySelector('#items .product').focus()")
        page.press("Enter")
        page.wait_for("document.getElementById('found-note').textContent.startsWith('Neighbours of')")
        page.press("Tab")
        assert page.evaluate("document.activeElement.className") == "add"


@pytest.mark.parametrize("dark", [False, True])
def test_on_a_phone(browser, address, folder, dark):
    with browser.page(PHONE, dark=dark) as page:
        page.open(address + "/").wait_for(READY)
        ask_for(page, "u5")
        assert page.overflow() <= 0
        page.screenshot(folder / f"phone-{'dark' if dark else 'light'}.png")
        assert page.problems == [] and page.accessibility_problems() == []


def test_the_run_history(browser, address, folder):
    with browser.page() as page:
        page.open(address + "/runs")
        page.screenshot(folder / "runs.png")
        assert page.problems == [] and page.accessibility_problems() == []
        assert "served" in page.text("table")
        page.click("tbody a")
        page.wait_for("location.pathname === '/runs/run-1'")


def test_a_mistake_is_said_and_the_token_is_asked_for(browser, make_server, listening, folder):
    with listening(make_server(port=0, token="s3cret")) as address, browser.page() as page:
        page.open(address + "/")
        page.wait_for("!document.getElementById('unlock').hidden")
        assert "bearer token" in page.text("#status")
        page.screenshot(folder / "token.png")
        page.evaluate("document.getElementById('token').value = 's3cret'")
        page.click("#unlock button")
        page.wait_for(READY)
        assert page.accessibility_problems() == []
