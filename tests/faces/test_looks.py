"""Every page on a bad day with long names: nothing leaves its box on a phone, nothing keeps anybody out, nothing jumps.

What a page weighs is counted, never timed.
"""

import base64
from collections.abc import Iterator
from importlib.resources import files
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.urls import get_resolver, resolve
from pypdf import PdfReader

from tests.faces.bad_day import CHECK, LONG, WIDER, bad_day, everywhere
from tests.faces.browser import PROGRAM, Browser, chromium
from tests.faces.served import PASSWORD, Served

pytestmark = [pytest.mark.browser, pytest.mark.skipif(PROGRAM is None, reason="no Chromium on this machine")]
SPILLS = Path(__file__).with_name("looking.js").read_text(encoding="utf-8")
AXE = (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")
BY_LOOK = ("color-contrast", "target-size", "scrollable-region-focusable", "link-in-text-block", "css-orientation-lock")
"""Rules of axe whose answer depends on colours or on the width of the screen."""
DARK = [{"name": "prefers-color-scheme", "value": "dark"}]
OUTSIDE = ("/sign-in/", "/invitation/")
OPEN_UP = (
    "document.querySelectorAll('details:not(.menu)').forEach(one => { one.open = true });"
    "document.getElementById('keys')?.show()"
)
NO_PAGES = {
    # what is posted to
    "check-run", "check-mute", "check-unmute", "system-mute", "system-unmute", "incident-open", "delivery-retry",
    "incident-acknowledge", "incident-note", "incident-resolve",
    "incident-reopen", "incident-regrade", "language", "theme", "sign-out", "account-ways", "account-sessions-end",
    "account-session-end", "account-factor-begin", "account-factor-remove", "account-codes", "account-passkey-options",
    "account-passkey-add", "account-passkey-remove", "person-invite", "person-change", "person-password-link",
    "person-factor-reset", "person-sessions-end", "token-create", "token-revoke", "sign-in-passkey-options",
    "sign-in-passkey", "inspection-run", "countersign", "inspection-sign", "inspection-refuse", "inspection-remark",
    "inspection-raise", "start-system", "start-part-add", "start-part-save", "start-part-try", "start-part-remove",
    "start-told", "start-channel", "start-channel-remove", "start-apply", "start-drop", "channel-save", "channel-test",
    "channel-retire", "owncopy-now", "calendar-save", "calendar-retire", "secret-set", "secret-delete", "secret-rotate",
    "store-try", "store-retire", "backuppolicy-retire", "backup-run", "backup-prove", "backup-key",
    "desk-open", "desk-answer", "desk-sort", "desk-join", "desk-close", "desk-wish", "desk-file", "helpdesk-file",
    "review-open", "review-write", "review-hold", "review-close", "review-reopen", "review-article",
    "review-action-add", "review-action-change", "review-action-done", "review-action-accept",
    "article-draft", "article-publish", "article-retire",
    "backup-restore", "backuprestore-approve", "backuprestore-abort",
    "runbook-run", "runbook-retire", "run-pause", "run-resume", "run-cancel", "run-retry", "run-skip", "run-approve",
    "run-answer", "rotation-retire", "remedy-allow", "remedy-revoke",
    "incident-deployed", "plan-approve", "plan-retire",
    "drill-plan", "drill-cancel", "drill-start", "drill-inject", "drill-alarm",
    "drill-step", "drill-note", "drill-recover", "drill-end", "drill-attend", "drill-find",
    "account-contact-add", "account-contact-remove", "incident-pause", "incident-resume",
    "on-call-override", "on-call-override-end", "on-call-swap", "on-call-swap-take", "on-call-swap-refuse",
    "on-call-swap-withdraw", "on-call-hand-over-add", "on-call-hand-over-confirm", "on-call-feed-renew",
    # what is no page: a fragment, a file, a feed, another address of a page that is looked at
    "alarm", "attachment", "audit-trail", "status-json", "status-atom", "catalogue_download", "inspectionfile",
    "planfile",
    "backupcertificate", "reviewpaper", "figures-csv", "run-file", "on-call-feed",
    "startfiles", "root", "invitation-link",
    # asks somebody who is half in; tests/faces/test_browser_sign_in.py looks at it
    "sign-in-second",
}  # fmt: skip


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with bad_day(tmp_path_factory.mktemp("bad-day")) as site:
        yield site


@pytest.fixture(scope="module")
def pages(site: Served) -> list[str]:
    return everywhere(site)


@pytest.fixture(scope="module")
def reader(site: Served) -> Iterator[Browser]:
    with chromium() as browser:
        browser.sign_in(site.base, "ann", PASSWORD)
        yield browser


@pytest.fixture(scope="module")
def stranger() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


def test_no_page_is_left_out(pages: list[str]) -> None:
    seen = {resolve(urlsplit(page).path).url_name for page in (*pages, *OUTSIDE) if page != "/nothing/"}
    named = {one.name for one in get_resolver().url_patterns if getattr(one, "name", None)}
    assert named - seen == NO_PAGES


@pytest.mark.parametrize("language", ["en", "zh-hans", "zh-hant"])
def test_nothing_leaves_its_box_on_a_phone(
    site: Served, reader: Browser, stranger: Browser, pages: list[str], language: str
) -> None:
    """In Traditional Chinese where a label is wider; elsewhere it fits as the Simplified does."""
    found, wider = {}, {page for some in WIDER.values() for page in some}
    for browser, some in ((reader, pages), (stranger, OUTSIDE)):
        browser.size(390, 844)
        browser.language(site.base, language)
        for page in some if language != "zh-hant" else wider & set(some):
            browser.open(site.base + page)
            browser.run(OPEN_UP)
            browser.run("document.querySelectorAll('details.menu').forEach(one => { one.open = true })")
            if spilled := browser.run(SPILLS):
                found[page] = spilled
    assert found == {}


def test_what_leaves_its_box_is_seen(site: Served, reader: Browser) -> None:
    reader.size(390, 844)
    reader.open(f"{site.base}/account/")
    assert reader.run(SPILLS) == []
    reader.run("document.querySelector('h1').style.cssText = 'white-space: nowrap; width: 40px'")
    assert len(reader.run(SPILLS)) == 1
    reader.run("document.querySelector('h1').style.cssText = 'position: absolute; left: 380px; width: 200px'")
    assert any("on a screen of 390" in one for one in reader.run(SPILLS))


@pytest.mark.parametrize(("width", "dark"), [(390, True), (1440, False)], ids=["dark phone", "light screen"])
def test_nothing_keeps_anybody_out(
    site: Served, reader: Browser, stranger: Browser, pages: list[str], width: int, dark: bool
) -> None:
    """axe finds nothing, however slight, with everything folded out; on a dark phone all of it on the first page, whose
    frame is that of all, and elsewhere what hangs on colour and width."""
    found = {}
    for browser, some in ((reader, pages), (stranger, OUTSIDE)):
        browser.language(site.base, "en")
        browser.size(width, 12_000, dark=dark)  # all at once: the bar at the foot covers nothing
        script = browser.call("Page.addScriptToEvaluateOnNewDocument", source=AXE)["identifier"]
        for page in some:
            browser.open(site.base + page)
            browser.run(OPEN_UP)
            if barriers := axe(browser, some_rules=dark and page != some[0]):
                found[page] = barriers
        browser.call("Page.removeScriptToEvaluateOnNewDocument", identifier=script)
    assert found == {}


def axe(browser: Browser, *, some_rules: bool = False) -> list[str]:
    """With the rule of WCAG 2.2 that axe leaves out by default: 24 px to tap at, or room around it. For it the keys lie
    below the page, and the bar above covers nothing: a reader closes the ones and scrolls from under the other."""
    browser.run("document.getElementById('keys')?.style.setProperty('position', 'static'); scrollTo(0, 0)")
    if not browser.run("'axe' in window"):
        browser.run(f"{AXE};0")
    rules = f"runOnly: {list(BY_LOOK)}" if some_rules else "rules: { 'target-size': { enabled: true } }"
    return list(
        browser.run(
            f"axe.run(document, {{ resultTypes: ['violations'], {rules} }})"
            ".then(said => said.violations.flatMap(one =>"
            " one.nodes.map(node => `${one.impact} ${one.id}: ${node.html.slice(0, 160)}`)))"
        )
    )


def test_a_barrier_is_seen(site: Served, reader: Browser) -> None:
    reader.size(1440, 900)
    reader.open(f"{site.base}/people/")
    assert axe(reader) == []
    reader.run("document.querySelector('h1').style.color = '#ccc'")
    assert [one.split(":")[0] for one in axe(reader)] == ["serious color-contrast"]


def test_the_first_page_is_light(site: Served, reader: Browser) -> None:
    """Everything that a first visit to Today on a bad day fetches, in bytes on the wire."""
    reader.size(390, 844)
    reader.call("Network.clearBrowserCache")
    reader.open(f"{site.base}/today/")
    fetched = reader.run(
        "[...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]"
        ".map(one => [new URL(one.name).pathname, one.transferSize])"
    )
    assert "/today/" in dict(fetched)
    assert all(size > 0 for _, size in fetched), "nothing came out of a cache"
    assert sum(size for _, size in fetched) < 150_000, fetched
    assert len(fetched) <= 16, fetched


def test_a_page_is_printed_in_light_and_unfolded(site: Served, reader: Browser) -> None:
    """However dark the reader has it: ink on paper, nothing folded, and no buttons."""
    reader.language(site.base, "en")
    reader.size(1440, 900, dark=True)
    reader.open(f"{site.base}/systems/{LONG}/checks/{CHECK}/")
    folded = "document.querySelectorAll('main details:not([open], .ask)').length"
    assert reader.run(folded) > 0
    paper = PdfReader(BytesIO(base64.b64decode(reader.call("Page.printToPDF")["data"])))
    text = " ".join(page.extract_text() for page in paper.pages)
    assert "REFERENCE/" in text, "the evidence was folded"
    assert "Look now" not in text
    assert reader.run(folded) > 0, "folded again"
    reader.call("Emulation.setEmulatedMedia", media="print", features=DARK)
    assert reader.run("getComputedStyle(document.body).color") == "rgb(23, 33, 43)"
    reader.call("Emulation.setEmulatedMedia", media="", features=DARK)
    assert reader.run("getComputedStyle(document.body).color") == "rgb(228, 235, 241)"


def test_a_chart_tells_its_values_and_is_drawn_over(site: Served, reader: Browser) -> None:
    """With the pointer; with the keyboard the ranges are links that lead to the same kind of address."""
    reader.language(site.base, "en")
    reader.size(1440, 900)
    reader.open(f"{site.base}/systems/{LONG}/checks/size/?range=1h")
    left, top, width, height = reader.run(
        "(() => { const one = document.querySelector('.chart[data-points]'); one.scrollIntoView({ block: 'center' });"
        "const box = one.getBoundingClientRect(); return [box.left, box.top, box.width, box.height] })()"
    )

    def pointer(kind: str, share: float, **more: Any) -> None:
        reader.call("Input.dispatchMouseEvent", type=kind, x=left + share * width, y=top + height / 2, **more)

    pointer("mouseMoved", 0.9)
    reader.wait("/\\d\\d:\\d\\d:\\d\\d +[\\d.,]+/.test(document.querySelector('.chart-tip')?.textContent)")
    pointer("mousePressed", 0.5, button="left", clickCount=1)
    pointer("mouseMoved", 0.8, button="left", buttons=1)
    pointer("mouseReleased", 0.8, button="left", clickCount=1)
    reader.wait("new URLSearchParams(location.search).has('from') && document.readyState === 'complete'")
    start, end = reader.run("['from', 'to'].map(one => Number(new URLSearchParams(location.search).get(one)))")
    assert 900 < end - start < 1300, "three tenths of an hour, the axis aside"
    names = reader.run(
        "[...document.querySelectorAll('.ranges a[href]')].filter(one => { one.focus(); return one ==="
        " document.activeElement && one.tabIndex === 0 }).map(one => one.innerText.trim())"
    )
    assert names[:6] == ["1h", "6h", "24h", "7d", "30d", "90d"]
    assert len(names) == 7, "and the way out of what was drawn"


@pytest.mark.parametrize("width", [390, 1440])
def test_nothing_jumps_when_it_refreshes(site: Served, reader: Browser, width: int) -> None:
    watch = (
        "window.shifts = []; window.refreshed = 0;"
        "new PerformanceObserver(list => { for (const one of list.getEntries()) shifts.push(one.value) })"
        ".observe({ type: 'layout-shift', buffered: true });"
        "document.addEventListener('htmx:afterSettle', () => { refreshed += 1 })"
    )
    script = reader.call("Page.addScriptToEvaluateOnNewDocument", source=watch)["identifier"]
    try:
        reader.size(width, 900)
        reader.open(site.base + "/today/")
        reader.wait("document.querySelector('#alarm .alarm')", patience=60)  # the checker has ended; that is said once
        for page in ("/today/", "/systems/"):
            reader.open(site.base + page)
            reader.wait("refreshed >= 2", patience=40)
            assert sum(reader.run("shifts")) < 0.02, page  # 0.1 is good; a time may take another word meanwhile
    finally:
        reader.call("Page.removeScriptToEvaluateOnNewDocument", identifier=script)
