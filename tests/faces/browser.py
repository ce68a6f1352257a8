"""A headless Chromium, driven over its DevTools protocol: just what the page tests and the pictures need."""

import base64
import contextlib
import itertools
import json
import math
import shutil
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import websocket

PROGRAM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--hide-scrollbars", "--remote-debugging-port=0",
    "--remote-allow-origins=*",
)  # fmt: skip


PATIENCE = 120.0
"""Seconds for one command."""


class Browser:
    """One page. ``errors`` collects what the console and the security policy complain about."""

    def __init__(self, address: str) -> None:
        self._socket = websocket.create_connection(address, timeout=30)
        self._numbers = itertools.count(1)
        self._window = (1440, 900)
        self.errors: list[str] = []
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        """One command; its result. Raises RuntimeError with the browser's words, or when it does not answer."""
        number, deadline = next(self._numbers), time.monotonic() + PATIENCE
        self._socket.send(json.dumps({"id": number, "method": method, "params": params}))
        while time.monotonic() < deadline:
            message = json.loads(self._socket.recv())
            if message.get("id") == number:
                if "error" in message:
                    raise RuntimeError(message["error"]["message"])
                return dict(message["result"])
            self._note(message)
        raise RuntimeError(f"no answer to {method} within {PATIENCE:g} s")

    def _note(self, message: dict[str, Any]) -> None:
        params = message.get("params", {})
        if message.get("method") == "Log.entryAdded" and params["entry"]["level"] == "error":
            self.errors.append(params["entry"]["text"])
        if message.get("method") == "Runtime.exceptionThrown":
            self.errors.append(str(params["exceptionDetails"].get("text")))

    def run(self, script: str) -> Any:
        """The value of an expression in the page."""
        answer = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(str(answer["exceptionDetails"]))
        return answer["result"].get("value")

    def open(self, url: str) -> None:
        """Go there and wait until the page is complete."""
        self.call("Page.navigate", url=url)
        self.wait("document.readyState === 'complete' && location.href !== 'about:blank'")

    def wait(self, condition: str, patience: float = 20.0) -> None:
        """Until an expression is true. Raises TimeoutError."""
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            with contextlib.suppress(RuntimeError):
                if self.run(condition):
                    return
            time.sleep(0.1)
        raise TimeoutError(condition)

    def size(self, width: int, height: int, *, dark: bool = False) -> None:
        """The window in CSS pixels, and the reader's taste."""
        self._window = (width, height)
        self._resize(height)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[scheme])

    def _resize(self, height: int) -> None:
        width = self._window[0]
        self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600
        )

    def picture(self, path: Path, *, whole: bool = True) -> None:
        """A PNG of the page. Of a whole one in a window as high as it is, or what is fixed to the window's foot would
        stand in its middle."""
        height = self._window[1]
        if whole:
            self._resize(max(height, math.ceil(self.call("Page.getLayoutMetrics")["cssContentSize"]["height"])))
        answer = self.call("Page.captureScreenshot", format="png")
        self._resize(height)
        path.write_bytes(base64.b64decode(answer["data"]))

    def sign_in(self, base: str, name: str, password: str) -> None:
        """As a person would."""
        self.open(f"{base}/sign-in/")
        fill = f"document.querySelector('[name=username]').value = {json.dumps(name)};"
        fill += f"document.querySelector('[name=password]').value = {json.dumps(password)};"
        self.run(fill + "document.querySelector('.door button.main').click()")
        self.wait("location.pathname === '/today/' && document.readyState === 'complete'")

    def language(self, base: str, code: str) -> None:
        """By the cookie that the page's own button sets."""
        self.call("Network.setCookie", name="django_language", value=code, url=base)


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    """A browser with a profile of its own, ended and forgotten afterwards."""
    assert PROGRAM, "no Chromium on this machine"
    profile = tempfile.mkdtemp(prefix="mainstay-browser-")
    process = subprocess.Popen(
        [PROGRAM, *FLAGS, f"--user-data-dir={profile}", "about:blank"],
        stderr=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )
    try:
        port = _port(Path(profile) / "DevToolsActivePort")
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/json/list", timeout=10) as answer:
            target = next(one for one in json.load(answer) if one["type"] == "page")
        yield Browser(target["webSocketDebuggerUrl"])
    finally:
        process.terminate()
        process.wait(10)
        shutil.rmtree(profile, ignore_errors=True)


def _port(file: Path) -> int:
    for _ in range(300):
        if file.exists() and file.read_text().strip():
            return int(file.read_text().split()[0])
        time.sleep(0.1)
    raise TimeoutError("the browser did not start")
