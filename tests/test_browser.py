"""The browser of the tests sees what it is there to see."""

from __future__ import annotations

from urllib.parse import quote

import pytest

GOOD = (
    "<!doctype html><html lang=en><title>t</title><meta name=viewport content='width=device-width'>"
    "<main><h1>Head</h1>{}</main>"
)


def address(content: str) -> str:
    return "data:text/html;charset=utf-8," + quote(GOOD.format(content))


def test_a_click_and_what_follows(browser):
    with browser.page() as page:
        page.open(address("<button style='padding: 9px' onclick='this.textContent = innerWidth'>x</button>"))
        page.click("button")
        page.wait_for("document.querySelector('button').textContent === '1280'")
        assert page.problems == [] and page.accessibility_problems() == []


def test_a_phone_in_the_dark(browser, tmp_path):
    with browser.page((390, 844), dark=True) as page:
        page.open(address("<p style='width: 500px'>wide</p>"))
        assert page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches") is True
        assert page.overflow() in (118, 119)
        assert page.screenshot(tmp_path / "p.png").startswith(b"\x89PNG")


@pytest.mark.parametrize(
    "content",
    [
        "<script>console.error('no')</script>",
        "<script>throw new Error('no')</script>",
        "<script>null.x</script>",
        "<img alt=x src='http://127.0.0.1:9/none.png'>",
    ],
)
def test_problems_are_noticed(browser, content):
    with browser.page() as page:
        page.open(address(content))
        assert page.problems


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        ("<img src='data:,'>", "image without alt"),
        ("<p style='color: #888; background: #fff'>faint</p>", "contrast 3.54 of 4.5"),
        ("<input>", "field without label"),
        ("<button></button>", "no name"),
        ("<h3>jump</h3>", "heading jumps from 1 to 3"),
        ("<p id=a></p><p id=a></p>", "id twice: a"),
        ("<svg width=9 height=9><rect width=9 height=9 /></svg>", "picture without a name"),
        ("<svg role=img aria-label=x><a href='#'>y</a></svg>", "holds links"),
        ("<table><tr><td>1</table>", "table without heads"),
        ("<div style='width: 90px; overflow: auto'><p style='width: 900px'>x</div>", "scrolls, but not by"),
        ("<span onclick='1'>x</span>", "click without key"),
        ("<svg aria-label=x><rect width=99 height=99 /><text y=20 fill='#333'>x</text></svg>", "contrast"),
        ("<p aria-labelledby=none>x</p>", "names nothing"),
    ],
)  # fmt: skip
def test_barriers_are_noticed(browser, content, rule):
    with browser.page() as page:
        page.open(address(content))
        found = page.accessibility_problems()
        assert [text for text in found if rule in text], found
