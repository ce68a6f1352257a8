"""A severe fault, told in a real browser: its review is there with its facts, an action ends only as something that
holds, and the same fault again opens it again."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.faces.browser import PROGRAM, Browser, chromium
from tests.faces.served import PASSWORD, Served

pytestmark = [pytest.mark.browser, pytest.mark.skipif(PROGRAM is None, reason="no Chromium on this machine")]
FAULT = """
import django; django.setup()
from datetime import UTC, datetime, timedelta
from mainstay.catalogue.models import Check
from mainstay.engine import learning
from mainstay.incidents.actions import resolve_calm
from tests.line.shop import change, follow
home, began = Check.objects.get(name="home"), datetime.now(UTC) - timedelta(hours=2)
follow(change(home, "critical", began))
follow(change(home, "ok", began + timedelta(hours=1), before="critical"))
resolve_calm(began + timedelta(hours=1, seconds=11))
learning.follow()
"""
AGAIN = """
import django; django.setup()
from datetime import UTC, datetime
from mainstay.catalogue.models import Check
from mainstay.engine import learning
from tests.line.shop import change, follow
follow(change(Check.objects.get(name="home"), "critical", datetime.now(UTC)))
learning.follow()
"""


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Served]:
    site = Served(tmp_path)
    process = site.start()
    try:
        yield site
    finally:
        process.terminate()
        process.wait(20)


def send(browser: Browser, action: str, **values: str) -> None:
    """Fill the form that leads there and press its button."""
    form = f"document.querySelector('form[action$=\"{action}\"]')"
    for name, value in values.items():
        browser.run(f"{form}.querySelector('[name={name}]').value = {json.dumps(value)}")
    browser.run(f"window.stays = true; {form}.querySelector('button').click()")
    browser.wait("!window.stays && document.readyState === 'complete'")


def text(browser: Browser) -> str:
    return str(browser.run("document.querySelector('main').innerText"))


def test_a_severe_fault_is_reviewed_and_what_was_done_is_open_again_when_it_comes_again(site: Served) -> None:
    site.run(FAULT)
    with chromium() as browser:
        browser.sign_in(site.base, "ann", PASSWORD)
        assert "Reviews that are not closed" in text(browser)
        browser.open(f"{site.base}/reviews/1/")
        facts = text(browser)
        assert "Until it was over" in facts
        assert "1h" in facts, "as long as the checks were not well"
        send(browser, "/write", why="The pool was full", cause="capacity")
        send(browser, "/reviews/1/close")
        assert "add an action" in text(browser)
        day = (datetime.now(UTC) + timedelta(days=9)).date()
        send(browser, "/reviews/1/actions", title="Watch the pool", due=str(day))
        send(browser, "/done", ending="check", proof="shop/none")
        assert "there is no check shop/none" in text(browser)
        send(browser, "/done", ending="check", proof="shop/home")
        assert "The action is done." in text(browser)
        send(browser, "/reviews/1/close")
        assert "The review is closed." in text(browser)
        site.run(AGAIN)
        browser.open(f"{site.base}/reviews/?view=actions")
        assert "open again" in text(browser)
        browser.open(f"{site.base}/incidents/2/")
        assert "action opened again" in text(browser)
        assert browser.errors == []
