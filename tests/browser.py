"""A real headless Chromium for tests of pages, spoken to by its DevTools protocol."""

from __future__ import annotations

import base64
import contextlib
import itertools
import json
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

PHONE = (390, 844)
DESKTOP = (1280, 900)

_FLAGS = (
    "--headless",
    "--no-sandbox",  # the tests may run as root
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--force-color-profile=srgb",
    "--hide-scrollbars",
    "--remote-debugging-port=0",
)
_AUDIT = Path(__file__).with_name("accessibility.js")
_NAMED_ROLES = frozenset(
    {
        "button", "checkbox", "combobox", "dialog", "image", "img", "link", "listbox", "menuitem", "meter",
        "option", "progressbar", "radio", "searchbox", "slider", "spinbutton", "switch", "tab", "textbox",
    }
)  # fmt: skip
"""Roles that a screen reader must be able to name."""

_LEAVING = ("Inspected target navigated or closed", "Cannot find context", "Execution context was destroyed")


class Page:
    """A tab of the browser.

    Attributes:
        problems: Console errors, uncaught exceptions and requests that failed, as text.
        requests: Addresses that were asked for, `data:` left out.
    """

    def __init__(self, browser: Browser, session: str, width: int) -> None:
        self.problems: list[str] = []
        self.requests: list[str] = []
        self._browser, self._session = browser, session
        self._width, self._loaded = width, False

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Calls a method of the DevTools protocol for this tab."""
        return self._browser.call(method, self._session, **parameters)

    def open(self, address: str) -> Page:
        """Goes to an address (a URL) and waits until it is loaded."""
        self._loaded = False
        answer = self.call("Page.navigate", url=address)
        if "errorText" in answer:
            raise RuntimeError(f"{address} did not open: {answer['errorText']}")
        self._browser.wait(lambda: self._loaded, f"{address} to load")
        return self

    def evaluate(self, expression: str) -> Any:
        """The value of an expression of JavaScript, promises awaited."""
        answer = self.call(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True, userGesture=True
        )
        if "exceptionDetails" in answer:
            raise RuntimeError(f"{expression}: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    def wait_for(self, expression: str, seconds: float = 60) -> None:
        """Waits until an expression of JavaScript is true; a page that is being left says nothing yet."""

        def is_true() -> bool:
            try:
                return bool(self.evaluate(expression))
            except RuntimeError as error:
                if any(words in str(error) for words in _LEAVING):
                    return False
                raise

        self._browser.wait(is_true, expression, seconds)

    def text(self, selector: str = "body") -> str:
        """What a reader sees of an element."""
        return str(self.evaluate(f"document.querySelector({json.dumps(selector)}).innerText"))

    def click(self, selector: str) -> None:
        """Clicks the middle of an element as a mouse does."""
        element = f"document.querySelector({json.dumps(selector)})"
        self.evaluate(f"{element}.scrollIntoView({{block: 'center', inline: 'center'}})")
        middle = "({x, y, width, height}) => ({x: x + width / 2, y: y + height / 2})"
        box = self.evaluate(f"({middle})({element}.getBoundingClientRect())")
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, **box, button="left", clickCount=1)

    def press(self, key: str) -> None:
        """Presses a key, such as `Tab` or `Enter`."""
        more = {"text": "\r"} if key == "Enter" else {}
        code = {"Tab": 9, "Enter": 13}.get(key, 0)
        for kind in ("keyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=key, windowsVirtualKeyCode=code, **more)

    def screenshot(self, path: Path) -> bytes:
        """Writes a picture (PNG) of the whole page, and returns it."""
        answer = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=True)
        content = base64.b64decode(answer["data"])
        path.write_bytes(content)
        return content

    def printed(self) -> bytes:
        """The page on paper (PDF)."""
        return base64.b64decode(self.call("Page.printToPDF", printBackground=False)["data"])

    def overflow(self) -> int:
        """Pixels by which the page is wider than the screen."""
        return int(self.evaluate("document.documentElement.scrollWidth")) - self._width

    def accessibility_problems(self) -> list[str]:
        """What a user of a screen reader, a keyboard or low sight would stumble over.

        Names and roles come from the browser's own accessibility tree; structure, references, keyboard access
        and contrast (WCAG 2.2 AA) from the rules of `accessibility.js`.
        """
        found = [str(text) for text in self.evaluate(_AUDIT.read_text(encoding="utf-8"))]
        for node in self.call("Accessibility.getFullAXTree")["nodes"]:
            role = node.get("role", {}).get("value", "")
            is_named = bool(str(node.get("name", {}).get("value", "")).strip())
            if role in _NAMED_ROLES and not is_named and not node.get("ignored"):
                found.append(f"{role} has no name (node {node.get('backendDOMNodeId')})")
        return found

    def take(self, method: str, parameters: dict[str, Any]) -> None:
        """Takes an event of this tab."""
        if method == "Page.loadEventFired":
            self._loaded = True
        elif method == "Runtime.exceptionThrown":
            self.problems.append(str(parameters["exceptionDetails"]))
        elif method == "Runtime.consoleAPICalled" and parameters["type"] in ("error", "assert"):
            self.problems.append(f"console: {parameters['args']}")
        elif method == "Log.entryAdded" and parameters["entry"]["level"] == "error":
            self.problems.append(f"log: {parameters['entry']['text']} {parameters['entry'].get('url', '')}")
        elif method == "Network.requestWillBeSent":
            url = parameters["request"]["url"]
            self.requests += [] if url.startswith("data:") else [url]
        elif method == "Network.loadingFailed" and not parameters.get("canceled"):
            self.problems.append(f"request: {parameters['errorText']}")


class Browser:
    """A running Chromium.

    Args:
        address: WebSocket address of its DevTools.
    """

    def __init__(self, address: str) -> None:
        import websocket

        self._socket = websocket.create_connection(address, timeout=120, suppress_origin=True)
        self._numbers = itertools.count(1)
        self._pages: dict[str, Page] = {}

    def close(self) -> None:
        """Ends the conversation."""
        self._socket.close()

    @contextlib.contextmanager
    def page(self, size: tuple[int, int] = DESKTOP, dark: bool = False) -> Iterator[Page]:
        """A new tab in a profile of its own, as wide as a desk's or a phone's screen, light or dark."""
        context = self.call("Target.createBrowserContext")["browserContextId"]
        target = self.call("Target.createTarget", url="about:blank", browserContextId=context)["targetId"]
        session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        page = self._pages[session] = Page(self, session, size[0])
        for domain in ("Page", "Runtime", "Log", "Network", "Accessibility", "DOM"):
            page.call(f"{domain}.enable")
        page.call(
            "Emulation.setDeviceMetricsOverride",
            width=size[0],
            height=size[1],
            deviceScaleFactor=1,
            mobile=size[0] < 600,
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        page.call("Emulation.setEmulatedMedia", features=[scheme])
        try:
            yield page
        finally:
            del self._pages[session]
            self.call("Target.closeTarget", targetId=target)
            self.call("Target.disposeBrowserContext", browserContextId=context)

    def call(self, method: str, session: str | None = None, **parameters: Any) -> dict[str, Any]:
        """Calls a method of the DevTools protocol; events that come meanwhile go to their tabs."""
        number = next(self._numbers)
        message = {"id": number, "method": method, "params": parameters}
        self._socket.send(json.dumps(message | ({"sessionId": session} if session else {})))
        while True:
            answer = self._receive()
            if answer.get("id") == number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return dict(answer["result"])

    def wait(self, is_true: Any, what: str, seconds: float = 60) -> None:
        """Waits, taking events."""
        end = time.monotonic() + seconds
        while not is_true():
            if time.monotonic() > end:
                raise TimeoutError(f"Waited {seconds} s for {what}.")
            self.call("Browser.getVersion")  # what lies in the socket before its answer is taken
            time.sleep(0.02)

    def _receive(self) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(self._socket.recv())
        page = self._pages.get(answer.get("sessionId", ""))
        if "method" in answer and page is not None:
            page.take(answer["method"], answer["params"])
        return answer


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    """Starts Chromium, and ends it; skips the test where there is none."""
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if program is None:
        pytest.skip("Chromium is not installed (apt-get install chromium)")
    with tempfile.TemporaryDirectory(prefix="towerline-chromium-", ignore_cleanup_errors=True) as folder:
        log = Path(folder, "log")
        with log.open("wb") as output:
            command = [program, *_FLAGS, f"--user-data-dir={folder}/profile", "about:blank"]
            process = subprocess.Popen(command, stdout=output, stderr=output)
        try:
            browser = Browser(_address(process, Path(folder, "profile", "DevToolsActivePort"), log))
            try:
                yield browser
            finally:
                browser.close()
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _address(process: subprocess.Popen[bytes], port_file: Path, log: Path) -> str:
    for _ in range(600):
        if process.poll() is not None:
            raise RuntimeError(f"Chromium ended: {log.read_text(errors='replace')}")
        lines = port_file.read_text().split() if port_file.is_file() else []
        if len(lines) == 2:
            return f"ws://127.0.0.1:{lines[0]}{lines[1]}"
        time.sleep(0.1)
    raise RuntimeError(f"Chromium does not listen: {log.read_text(errors='replace')}")
