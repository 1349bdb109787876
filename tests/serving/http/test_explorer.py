"""The explorer page and the run history in a real browser.

Pictures of every state are left in the folder that the environment variable TOWERLINE_SCREENSHOTS names, or
else in pytest's temporary folder.
"""

import os
import sqlite3
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


def ids(page, lists):
    return page.evaluate(f"[...document.querySelectorAll('{lists} li')].map(e => e.dataset.product)")


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
        assert ids(page, "#items") == [item["product_id"] for item in expected]
        assert expected[0]["reason"] in page.text("#items li")
        events = client.get("/v1/users/u5").json()["history"]
        assert ids(page, "#history")[0] == events[-1]["product_id"]
        name = page.evaluate("document.querySelector('#timeline svg').getAttribute('aria-label')")
        assert name.startswith(f"{len(events)} events from 20")
        assert "own history" in page.text("#candidates").lower()
        assert len(ids(page, "#ranked")) == 10
        assert "Model 1000" in page.text("#model") and "A known user." in page.text("#status")
        page.screenshot(folder / "user.png")
        assert page.problems == [] and page.accessibility_problems() == []
        assert {url.split("/")[2] for url in page.requests} == {address.removeprefix("http://")}


def test_the_knob_and_the_filters_act_at_once(browser, address, folder, client):
    with browser.page() as page:
        page.open(address + "/").wait_for(READY)
        ask_for(page, "u5")
        before = ids(page, "#items")
        fill(page, "diversity", "0.9", "input")
        assert page.text("#diversity-value") == "0.9"
        fill(page, "diversity", "0.9")
        page.wait_for(f"document.querySelector('#items .product').textContent && {READY}")
        asked = {"user_id": "u5", "diversity": 0.9}
        expected = [i["product_id"] for i in client.post("/v1/recommendations", json=asked).json()["items"]]
        shown = "JSON.stringify([...document.querySelectorAll('#items li')].map(e => e.dataset.product))"
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
        assert ids(page, "#found") == [item["product_id"] for item in found]
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
        assert ids(page, "#found") == [item["product_id"] for item in alike]
        page.screenshot(folder / "invented.png")
        assert page.problems == [] and page.accessibility_problems() == []
        page.click("#forget")
        page.wait_for("document.getElementById('forget').hidden")
        assert ids(page, "#history") == [None]


def test_it_opens_with_users_and_their_lists(browser, address, folder, client):
    with browser.page() as page:
        page.open(address + "/").wait_for(READY)
        page.wait_for("!document.querySelector('.skeleton')")
        users = client.get("/v1/users", params={"limit": 3}).json()["users"]
        assert texts(page, "#examples .product") == [f"User {user}" for user in users]
        expected = [
            item["product_id"]
            for user in users
            for item in client.post("/v1/recommendations", json={"user_id": user, "top_k": 5}).json()["items"]
        ]
        assert ids(page, "#examples") == expected
        assert "Age of the data: history live" in page.text("#ages")
        page.screenshot(folder / "opened.png")
        page.click("#examples .card:nth-child(2) button")
        page.wait_for(f"document.getElementById('history-note').textContent.includes({users[1]!r})")
        page.wait_for(READY)
        assert page.evaluate("document.getElementById('examples-panel').hidden")
        assert page.problems == [] and page.accessibility_problems() == []


def test_names_stand_before_ids(browser, address, pushed):
    with browser.page() as page:
        page.open(address + "/?user=u5").wait_for(READY)
        first = ids(page, "#items")[0]
        page.wait_for(f"document.querySelector('#items .product').textContent !== {first!r}")
        colour = sqlite3.connect(pushed.url.removeprefix("sqlite:///")).execute(
            "SELECT colour FROM products WHERE product_id = ?", (first,)
        )
        assert page.text("#items .product").startswith(colour.fetchone()[0])
        assert page.text("#items .text") == first


def test_an_address_holds_the_question(browser, address, client):
    asked = {"user_id": "u5", "top_k": 4, "diversity": 0.9, "exclude_purchased": True}
    expected = [i["product_id"] for i in client.post("/v1/recommendations", json=asked).json()["items"]]
    with browser.page() as page:
        page.open(address + "/?user=u5&diversity=.9&top_k=4&exclude_purchased=1").wait_for(READY)
        assert ids(page, "#items") == expected
        assert page.text("#diversity-value") == "0.9"
        fill(page, "top-k", "3")
        page.wait_for(f"{SHOWN} === 3 && {READY}")
        assert page.evaluate("location.search") == "?user=u5&top_k=3&diversity=0.9&exclude_purchased=1"
        page.open(page.evaluate("location.href")).wait_for(f"{SHOWN} === 3 && {READY}")
        page.open(address + "/?only=colour:red").wait_for(READY)
        asked = {"filters": {"colour": "red"}}
        expected = [i["product_id"] for i in client.post("/v1/recommendations", json=asked).json()["items"]]
        assert ids(page, "#items") == expected and page.problems == []


def test_why_not_and_what_would_bring_it_in(browser, address, folder, client):
    with browser.page() as page:
        page.open(address + "/?user=u5&top_k=3").wait_for(READY)
        long = client.post("/v1/recommendations", json={"user_id": "u5", "top_k": 20}).json()["items"]
        product = long[5]["product_id"]
        fill(page, "why-product", product)
        page.click("#why-not button")
        page.wait_for("!document.getElementById('why-panel').hidden")
        page.wait_for(READY)
        answer = client.post("/v1/explain", json={"user_id": "u5", "top_k": 3, "product_id": product}).json()
        told = page.text("#why")
        words = [found["text"] for found in (answer["verdict"], answer["changes"][0], *answer["stages"])]
        assert [text for text in words if text.replace("`", "") not in told] == []
        assert answer["score"]["contributions"][0]["text"] in told
        assert f"why={product}" in page.evaluate("location.search")
        page.screenshot(folder / "why.png")
        assert page.problems == [] and page.accessibility_problems() == []
        page.click("#why button")  # applies the first change that a request can say
        page.wait_for(
            f"[...document.querySelectorAll('#items li')].some(e => e.dataset.product === {product!r})"
        )
        page.click("#items li:nth-child(1) .ask")
        page.wait_for("document.getElementById('why').textContent.includes('it is in the list, at rank 1')")


def test_it_recovers_when_the_model_becomes_ready(browser, make_server, listening, served, folder, tmp_path):
    server = make_server(port=0, load=False, directory=tmp_path)  # where nothing has been pushed
    with listening(server) as address, browser.page() as page:
        page.open(address + "/?user=u5")
        page.wait_for("document.getElementById('status').textContent.includes('Trying again')")
        assert "No model is ready yet." in page.text("#status")
        page.screenshot(folder / "waiting.png")
        server.holder.take(served)
        page.wait_for(READY)
        assert "A known user." in page.text("#status")


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
        for name in ("add", "ask"):
            page.press("Tab")
            assert page.evaluate("document.activeElement.className") == name


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
