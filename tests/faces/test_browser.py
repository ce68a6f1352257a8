"""The pages in a real browser, served as users get them: live, by keyboard, narrow, in both languages, in silence."""

import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faces.browser import PROGRAM, Browser, chromium
from tests.servers import free_port
from tests.workspace import own_database

pytestmark = [pytest.mark.browser, pytest.mark.skipif(PROGRAM is None, reason="no Chromium on this machine")]
PASSWORD = "correct-horse-battery"
CATALOGUE = """
system: shop
title: {en: Online shop, zh: 网上商城}
tier: 1
components:
  db: {kind: postgresql, dsn: "postgresql://127.0.0.1:1/x", title: {en: Database, zh: 数据库}}
  app: {kind: http, url: "http://127.0.0.1:1/", depends_on: [db], title: {en: Application, zh: 应用}}
checks:
  home: {title: {en: The shop answers, zh: 商城可访问}, probe: {kind: http, on: app}, impact: outage}
"""


PAGES = (
    "/today/", "/systems/", "/systems/shop/", "/systems/shop/checks/home/", "/incidents/?state=", "/incidents/1/",
    "/notices/",
)  # fmt: skip


class Served:
    """A Mainstay of its own: the web process and the command line."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self.base = f"http://127.0.0.1:{self.port}"
        self.environment = {**os.environ, "MAINSTAY_WORKSPACE": str(folder), **own_database()}
        (folder / "mainstay.toml").write_text(f'port = {self.port}\nbase_url = "{self.base}"\n')
        (folder / "catalogue").mkdir()
        (folder / "catalogue" / "shop.yaml").write_text(CATALOGUE)
        self.call("migrate")
        self.call("apply", str(folder / "catalogue"))
        self.call("user", "add", "ann", "--role", "operator", "--password-stdin", given=PASSWORD)
        self.call("incident", "open", "shop", "Orders wait for payment", "--level", "3", "--category", "business")

    def call(self, *words: str, given: str = "") -> str:
        done = subprocess.run(
            [sys.executable, "-m", "mainstay", *words],
            env=self.environment, input=given, text=True, capture_output=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    def start(self) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [sys.executable, "-m", "uvicorn", "mainstay.web.server:application", "--port", str(self.port)],
            env=self.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            try:
                urllib.request.urlopen(f"{self.base}/sign-in/", timeout=2).close()
            except (urllib.error.URLError, OSError):
                time.sleep(0.2)
            else:
                return process
        raise TimeoutError("the pages did not come up")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    site = Served(tmp_path_factory.mktemp("site"))
    process = site.start()
    yield site
    process.terminate()
    process.wait(20)


@pytest.fixture(scope="module")
def page(served: Served) -> Iterator[Browser]:
    with chromium() as browser:
        browser.size(1440, 900)
        browser.sign_in(served.base, "ann", PASSWORD)
        yield browser


def test_an_incident_appears_without_a_reload_and_is_taken_on(served: Served, page: Browser) -> None:
    page.open(f"{served.base}/today/")
    page.run("window.stayed = true")
    served.call("incident", "open", "shop", "The till is stuck", "--level", "2", "--category", "business")
    page.wait("document.body.innerText.includes('The till is stuck')")
    assert page.run("window.stayed"), "the page was not loaded again"
    page.run("[...document.querySelectorAll('.need a')].find("
             "one => one.innerText.includes('The till is stuck')).click()")  # fmt: skip
    page.wait("location.pathname.startsWith('/incidents/')")
    page.wait("document.querySelector('.acts > form button.main') !== null")
    page.run("document.querySelector('.acts > form button.main').click()")
    page.wait("document.body.innerText.includes('You have taken it on')")


def test_the_keyboard_goes_places(served: Served, page: Browser) -> None:
    page.open(f"{served.base}/today/")
    for key in "gs":
        page.call("Input.dispatchKeyEvent", type="keyDown", key=key, text=key)
        page.call("Input.dispatchKeyEvent", type="keyUp", key=key)
    page.wait("location.pathname === '/systems/'")
    page.wait("document.readyState === 'complete'")
    page.call("Input.dispatchKeyEvent", type="keyDown", key="/", text="/")
    page.wait("document.activeElement.closest('#palette') !== null")
    page.call("Input.insertText", text="answers")
    page.wait("document.querySelector('#found a')?.innerText.includes('The shop answers')")
    page.call("Input.dispatchKeyEvent", type="keyDown", key="Enter", code="Enter")
    page.wait("location.pathname === '/systems/shop/checks/home/'")


@pytest.mark.parametrize("language", ["en", "zh-hans"])
@pytest.mark.parametrize("width", [390, 1440])
@pytest.mark.parametrize("path", PAGES)
def test_every_page_fits_and_complains_of_nothing(
    served: Served, page: Browser, path: str, width: int, language: str
) -> None:
    page.errors.clear()
    page.language(served.base, language)
    page.size(width, 900)
    page.open(served.base + path)
    assert page.run("document.documentElement.scrollWidth") <= width
    assert page.run("document.documentElement.lang") == ("zh-Hans" if language == "zh-hans" else "en")
    assert page.run("[...document.querySelectorAll('input:not([type=hidden]), select')].every("
                    "one => one.labels.length || one.ariaLabel)"), "every field has a name"  # fmt: skip
    assert page.errors == []


def test_reading_needs_no_script(served: Served, page: Browser) -> None:
    page.language(served.base, "en")
    page.call("Emulation.setScriptExecutionDisabled", value=True)
    try:
        page.call("Page.navigate", url=f"{served.base}/systems/shop/")
        time.sleep(1)
        document = page.call("DOM.getDocument", depth=-1)
        assert "The shop answers" in str(document)
    finally:
        page.call("Emulation.setScriptExecutionDisabled", value=False)
