"""The pages in a real browser, served as users get them: live, by keyboard, narrow, in both languages, in silence."""

import re
import time
from collections.abc import Iterator

import pytest

from tests.faces.browser import PROGRAM, Browser, chromium
from tests.faces.served import PASSWORD, Served

pytestmark = [pytest.mark.browser, pytest.mark.skipif(PROGRAM is None, reason="no Chromium on this machine")]
PAGES = (
    "/today/", "/systems/", "/systems/shop/", "/systems/shop/checks/home/", "/incidents/?state=", "/incidents/1/",
    "/notices/",
)  # fmt: skip


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    site = Served(tmp_path_factory.mktemp("site"), role="operator")
    site.call("incident", "open", "shop", "Orders wait for payment", "--level", "3", "--category", "business")
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


def test_a_page_that_hears_nothing_says_so(served: Served, page: Browser) -> None:
    page.open(f"{served.base}/today/")
    refresh = "htmx.ajax('GET', location.href, { source: '#live', swap: 'none' })"
    sentence = "document.getElementById('offline')"
    assert not page.run(f"{sentence}.checkVisibility()")
    nothing = {"latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
    page.call("Network.emulateNetworkConditions", offline=True, **nothing)
    try:
        page.run(f"{refresh}.catch(() => 0)")
        page.wait(f"{sentence}.checkVisibility()")
        assert re.search(r"Not connected since \d\d:\d\d; what you see", page.run(f"{sentence}.innerText"))
    finally:
        page.call("Network.emulateNetworkConditions", offline=False, **nothing)
    page.run(refresh)
    page.wait(f"!{sentence}.checkVisibility()")


SLOW = {"offline": False, "latency": 900, "downloadThroughput": -1, "uploadThroughput": -1}
"""Milliseconds; three times as long as a page may take without a word."""


def test_what_takes_long_says_so(served: Served, page: Browser) -> None:
    said = "document.getElementById('working')"
    page.errors.clear()
    page.open(f"{served.base}/catalogue/")
    assert not page.run(f"{said}.checkVisibility()")
    page.run(
        f"window.said = []; new MutationObserver(() => window.said.push({said}.checkVisibility()))"
        f".observe({said}, {{ attributes: true }})"
    )
    page.call("Network.emulateNetworkConditions", **SLOW)
    try:
        page.run("document.querySelector('a[download]').click()")
        page.wait("window.said.length === 2")
        assert page.run("window.said") == [True, False], "until the file is there"
    finally:
        page.call("Network.emulateNetworkConditions", **{**SLOW, "latency": 0})
    page.run("addEventListener('click', (event) => event.preventDefault())")  # the next page never comes
    page.run("document.querySelector('nav.side a[href=\"/systems/\"]').click()")
    page.wait(f"{said}.checkVisibility()")
    page.open(f"{served.base}/systems/")
    assert not page.run(f"{said}.checkVisibility()")
    assert not page.errors


def test_a_wall_whose_session_ended_leads_to_the_door(served: Served, page: Browser) -> None:
    page.open(f"{served.base}/wall/")
    kept = page.call("Network.getCookies", urls=[served.base])["cookies"]
    page.call("Network.deleteCookies", name="mainstay", url=served.base)
    page.run("htmx.ajax('GET', location.href, { source: '#live' })")
    page.wait("location.pathname === '/sign-in/' && location.search === '?next=/wall/'")
    page.call("Network.setCookies", cookies=[{**one, "url": served.base} for one in kept])


def test_the_keyboard_goes_places(served: Served, page: Browser) -> None:
    page.open(f"{served.base}/today/")
    for key in "gs":
        page.call("Input.dispatchKeyEvent", type="keyDown", key=key, text=key)
        page.call("Input.dispatchKeyEvent", type="keyUp", key=key)
    page.wait("location.pathname === '/systems/'")
    page.wait("document.readyState === 'complete'")
    page.call("Input.dispatchKeyEvent", type="keyDown", key="?", text="?")
    page.wait("document.getElementById('keys').open")
    page.call("Input.dispatchKeyEvent", type="keyDown", key="Escape", code="Escape", windowsVirtualKeyCode=27)
    page.wait("!document.getElementById('keys').open")
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
