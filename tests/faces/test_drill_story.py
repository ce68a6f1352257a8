"""A drill from the calendar to the score to an action, in a real browser, without touching a file."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from tests.faces.browser import PROGRAM, Browser, chromium
from tests.faces.served import CATALOGUE, PASSWORD, Served

pytestmark = [pytest.mark.browser, pytest.mark.skipif(PROGRAM is None, reason="no Chromium on this machine")]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    site = Served(tmp_path_factory.mktemp("site"), catalogue=CATALOGUE)
    process = site.start()
    yield site
    process.terminate()
    process.wait(20)


def fill(ann: Browser, **fields: str) -> None:
    for name, value in fields.items():
        ann.run(f"document.querySelector('main [name=\"{name}\"]').value = {value!r}")


def press(ann: Browser, words: str) -> None:
    """The first button with these words, whatever has to be unfolded for it; until the next page is there."""
    ann.run("window.before = true; document.querySelectorAll('main details').forEach(one => { one.open = true })")
    found = f"[...document.querySelectorAll('main button')].find(one => one.textContent.trim() === {words!r})"
    ann.run(f"{found}.click()")
    ann.wait("!window.before && document.readyState === 'complete'")


def text(ann: Browser) -> str:
    return str(ann.run("document.querySelector('main').innerText"))


def test_a_drill_from_the_calendar_to_the_score_to_an_action(site: Served) -> None:
    soon = datetime.now(UTC) + timedelta(hours=1)
    with chromium() as ann:
        ann.sign_in(site.base, "ann", PASSWORD)
        ann.open(f"{site.base}/plans/new/")
        fill(ann, name="till-down", title="The tills are down", **{
            "steps-0-title": "Sell on paper", "steps-0-within": "10m", "steps-1-title": "Restart the till server",
        })  # fmt: skip
        press(ann, "Keep as a draft")
        press(ann, "Put in force")
        ann.open(f"{site.base}/plans/drills/")
        assert "The tills are down" in text(ann)
        fill(ann, kind="live", at=f"{soon:%Y-%m-%dT%H:%M}")
        press(ann, "Put into the calendar")
        press(ann, "Begin the drill")
        press(ann, "Bring the fault about")
        drill = ann.run("location.pathname")
        ann.run("[...document.querySelectorAll('main a')].find(one => one.textContent.includes('DRILL')).click()")
        ann.wait("location.pathname.startsWith('/incidents/') && document.readyState === 'complete'")
        assert "This is a drill. It counts in no figures." in text(ann)
        assert "DRILL The tills are down" in ann.run("document.title")
        press(ann, "I take it on")
        ann.open(f"{site.base}{drill}")
        press(ann, "Done")
        press(ann, "Left out")
        press(ann, "The system is back")
        press(ann, "End the drill")
        score = text(ann)
        assert re.search(r"\b9\d\s*/ 100", score), "one of two steps was left out"
        assert "passed" in score
        fill(ann, title="Say where the paper lies", due=f"{soon + timedelta(days=9):%Y-%m-%d}")
        press(ann, "Agree")
        assert "Say where the paper lies" in text(ann)
        fill(ann, ending="check", proof="shop/home")
        press(ann, "It is done")
        assert "a check: shop/home · ann" in " ".join(text(ann).split())
        ann.open(f"{site.base}/incidents/?view=plots")
        assert "no incident" in text(ann).lower()
        assert ann.errors == []
