"""A real browser for tests: Chromium, headless, driven by its own DevTools protocol over a WebSocket.

with chromium(tmp_path) as tab:
    tab.open("http://127.0.0.1:8765")
    tab.click(".ask")
    assert tab.requests == [...]        # every address that it asked for
"""

import base64
import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PROGRAM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
SILENT = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--remote-debugging-port=0",
)


@dataclass
class Tab:
    """A tab. requests: every address that its page asked for, WebSockets too. frames: what its WebSockets received."""

    socket: Any
    requests: list[str] = field(default_factory=list)
    frames: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    sent: int = 0

    def call(self, method: str, **given: Any) -> dict[str, Any]:
        """A command of the protocol, and its result."""
        self.sent += 1
        self.socket.send(json.dumps({"id": self.sent, "method": method, "params": given}))
        while True:
            message = json.loads(self.socket.recv(timeout=30))
            if message.get("id") == self.sent:
                assert "error" not in message, f"{method}: {message['error']}"
                return dict(message["result"])
            self._noted(message)

    def _noted(self, message: dict[str, Any]) -> None:
        match message:
            case {"method": "Network.requestWillBeSent", "params": {"request": {"url": url}}}:
                self.requests.append(url)
            case {"method": "Network.webSocketCreated", "params": {"url": url}}:
                self.requests.append(url)
            case {"method": "Network.webSocketFrameReceived", "params": {"response": {"payloadData": frame}}}:
                self.frames.append(frame)
            case {"method": "Runtime.exceptionThrown" | "Log.entryAdded" | "Page.javascriptDialogOpening"}:
                self.said.append(json.dumps(message["params"], ensure_ascii=False))

    def open(self, url: str) -> None:
        self.call("Page.navigate", url=url)

    def js(self, expression: str) -> Any:
        """The value of an expression in the page."""
        found = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in found, found["exceptionDetails"]
        return found["result"].get("value")

    def text(self, selector: str) -> list[str]:
        """The text of every element that a selector finds."""
        return list(self.js(f"[...document.querySelectorAll({json.dumps(selector)})].map(e => e.textContent)"))

    def until(self, expression: str, seconds: float = 60) -> Any:
        """Wait until an expression is true in the page."""
        deadline = time.monotonic() + seconds
        while not (found := self.js(expression)):
            assert time.monotonic() < deadline, (
                f"not within {seconds} s: {expression}\n{self.js('document.body.innerText')}"
            )
            time.sleep(0.03)
        return found

    def click(self, selector: str) -> None:
        """A real click in the middle of the one element that is found, once it is enabled, at rest and not covered."""
        place = f"""(e => {{
            if (!e || e.disabled || e.querySelector('[disabled]')) return null;
            e.scrollIntoView({{block: 'center'}});
            const r = e.getBoundingClientRect(), at = [r.x + r.width / 2, r.y + r.height / 2];
            return e.contains(document.elementFromPoint(...at)) ? at : null;
        }})(document.querySelector({json.dumps(selector)}))"""
        at = None
        while at is None or at != (now := self.until(place)):
            at = self.until(place)
            self.js("new Promise(drawn => requestAnimationFrame(() => requestAnimationFrame(drawn)))")
        for kind in ("mouseMoved", "mousePressed", "mouseReleased"):
            pressed = {} if kind == "mouseMoved" else {"button": "left", "clickCount": 1}
            self.call("Input.dispatchMouseEvent", type=kind, x=now[0], y=now[1], **pressed)

    def type(self, text: str) -> None:
        """Type into what has the focus."""
        self.call("Input.insertText", text=text)

    def enter(self) -> None:
        for kind in ("keyDown", "keyUp"):
            self.call(
                "Input.dispatchKeyEvent", type=kind, key="Enter", code="Enter", windowsVirtualKeyCode=13, text="\r"
            )

    def window(self, width: int, height: int) -> None:
        """Make the window so large; before a page is opened, for clicks may go astray while it is drawn anew."""
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    def picture(self, file: Path) -> None:
        """A picture of the window."""
        file.write_bytes(base64.b64decode(self.call("Page.captureScreenshot")["data"]))


@contextmanager
def chromium(folder: Path) -> Iterator[Tab]:
    """A browser with a profile of its own in a folder, and its one tab."""
    from websockets.sync.client import connect

    assert PROGRAM, "Chromium is not installed"
    profile = folder / "chromium"
    process = subprocess.Popen(
        [PROGRAM, *SILENT, f"--user-data-dir={profile}", "about:blank"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        import httpx

        ready = profile / "DevToolsActivePort"
        deadline = time.monotonic() + 30
        while not (ready.is_file() and ready.read_text().count("\n")):
            assert process.poll() is None and time.monotonic() < deadline, "Chromium did not start"
            time.sleep(0.05)
        port = ready.read_text().splitlines()[0]
        tabs = httpx.get(f"http://127.0.0.1:{port}/json", trust_env=False).json()
        with connect(
            next(tab for tab in tabs if tab["type"] == "page")["webSocketDebuggerUrl"], max_size=None, proxy=None
        ) as socket:
            tab = Tab(socket)
            for domain in ("Page", "Network", "Runtime", "Log"):
                tab.call(f"{domain}.enable")
            yield tab
    finally:
        process.terminate()
        process.wait(timeout=20)
