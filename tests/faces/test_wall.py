"""The wall screen: what it shows to whom, in few queries, and that it fits every screen without a scroll bar."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from mainstay.catalogue.models import Check, System
from mainstay.domain.actor import Role
from mainstay.incidents.models import Incident
from mainstay.monitoring.models import Pulse, Standing
from mainstay.people.models import Person, SystemRole
from tests.faces.browser import PROGRAM, Browser, chromium
from tests.faces.served import PASSWORD, Served
from tests.faces.test_web import bad_day, person

__all__ = ["bad_day"]  # a fixture of the neighbours


@pytest.mark.django_db
def test_a_bad_day_is_seen_from_afar(bad_day: Check) -> None:
    who = person(Role.VIEWER)
    for headers in ({}, {"hx-request": "true"}):
        text = who.get("/wall/", headers=headers).content.decode()
        assert 'id="slide-incidents"' in text
        assert "data-clock" in text
        assert 'id="slide-flows"' in text
        assert "Mainstay is not watching: checker, engine" in text
        assert "slide-quiet" not in text
        assert "Up <b>" not in text
        assert ('class="side"' in text, "style=" in text) == (False, False)


@pytest.mark.django_db
def test_quiet_is_said_only_when_somebody_watches_and_sees_nothing(bad_day: Check) -> None:
    Incident.objects.update(state="resolved", resolved_at=datetime.now(UTC))
    who = person(Role.VIEWER)
    Standing.objects.update(state="ok")
    assert "slide-quiet" not in who.get("/wall/").content.decode()
    for name in ("checker-1", "engine-1"):
        Pulse.objects.create(process=name, at=datetime.now(UTC), started_at=datetime.now(UTC))
    text = who.get("/wall/").content.decode()
    assert "slide-quiet" in text
    assert "not watching" not in text
    Standing.objects.filter(check_of=bad_day).update(state="warning")
    assert "slide-quiet" not in who.get("/wall/").content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("asked", "each"), [("", 15), ("?each=30", 30), ("?each=0", 1), ("?each=99999", 3600), ("?each=x", 15)]
)
def test_how_long_a_view_stays_is_asked_for(asked: str, each: int) -> None:
    assert f'data-each="{each}"' in person(Role.VIEWER).get(f"/wall/{asked}").content.decode()


@pytest.mark.django_db
def test_nobody_sees_a_system_that_is_not_his(bad_day: Check) -> None:
    who = person(Role.VIEWER)
    SystemRole.objects.create(person=Person.objects.get(), system="shop", role=Role.NONE)
    text = who.get("/wall/").content.decode()
    for word in ("Shop", "slide-incidents", "slide-flows"):
        assert word not in text


@pytest.mark.django_db
def test_many_systems_ask_no_more(bad_day: Check, django_assert_max_num_queries: Any) -> None:
    System.objects.bulk_create(System(name=f"s{n}", title={"en": f"System {n}"}) for n in range(30))
    who = person(Role.VIEWER)
    with django_assert_max_num_queries(29):
        text = who.get("/wall/").content.decode()
    assert text.count("wall-tile-") >= 9
    assert "and 22 more" in text


SIZES = [(1920, 1080), (3840, 2160), (1080, 1920)]
LONG = "A very long name of a system that nobody would have thought of but that somebody gave it all the same"


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Twelve systems with long names, and eight running incidents."""
    site = Served(tmp_path_factory.mktemp("wall"), role="operator")
    for number in range(12):
        (site.folder / "catalogue" / f"s{number}.yaml").write_text(
            f'system: s{number}\ntitle: {{en: "{LONG}", zh: 名称很长很长的系统}}\nchecks:\n'
            "  job: {probe: {kind: heartbeat, period: 1h, grace: 5m}}\n"
        )
    site.call("apply", str(site.folder / "catalogue"))
    for number in range(8):
        site.call("incident", "open", "s1", f"{LONG} {number}", "--level", "1")
    process = site.start()
    yield site
    process.terminate()
    process.wait(20)


@pytest.fixture(scope="module")
def screen(full: Served) -> Iterator[Browser]:
    with chromium() as browser:
        browser.size(1440, 900)
        browser.sign_in(full.base, "ann", PASSWORD)
        yield browser


@pytest.mark.browser
@pytest.mark.skipif(PROGRAM is None, reason="no Chromium on this machine")
@pytest.mark.parametrize("language", ["en", "zh-hans"])
@pytest.mark.parametrize(("width", "height"), SIZES)
def test_it_fits_without_a_scroll_bar(full: Served, screen: Browser, width: int, height: int, language: str) -> None:
    screen.errors.clear()
    screen.language(full.base, language)
    screen.size(width, height, dark=language == "en")
    screen.open(f"{full.base}/wall/")
    screen.wait("'slide' in document.body.dataset")
    for slide in ("slide-systems", "slide-incidents"):
        screen.run(f"document.body.dataset.slide = '{slide}'")
        assert screen.run("[document.documentElement.scrollWidth, document.documentElement.scrollHeight]") == [
            width, height,
        ]  # fmt: skip
        boxes = screen.run(
            f"[...document.querySelectorAll('#{slide} article')].map(one => one.getBoundingClientRect()).map("
            "one => [one.left, one.top, one.right, one.bottom])"
        )
        assert boxes
        assert all(box[0] >= 0 and box[1] > 0 and box[2] <= width and box[3] <= height for box in boxes), slide
        smallest = screen.run(
            f"Math.min(...[...document.querySelectorAll('#{slide} :is(h2, h3, p, time)')].map("
            "one => parseFloat(getComputedStyle(one).fontSize)))"
        )
        assert smallest >= 0.029 * min(width, height), "readable at four metres"
    assert screen.errors == []


@pytest.mark.browser
@pytest.mark.skipif(PROGRAM is None, reason="no Chromium on this machine")
def test_it_goes_on_and_waits_for_the_pointer(full: Served, screen: Browser) -> None:
    screen.size(1920, 1080)
    screen.open(f"{full.base}/wall/")
    screen.wait("document.body.dataset.slide === 'slide-systems'")
    screen.call("Input.dispatchKeyEvent", type="keyDown", key="ArrowRight", code="ArrowRight")
    assert screen.run("document.body.dataset.slide") == "slide-incidents"
    screen.run("delete document.body.dataset.paused")
    screen.call("Input.dispatchMouseEvent", type="mouseMoved", x=400, y=400)
    assert screen.run("'paused' in document.body.dataset")
    screen.call("Input.dispatchKeyEvent", type="keyDown", key="ArrowRight", code="ArrowRight")
    assert screen.run("document.body.dataset.slide") == "slide-systems"


@pytest.mark.browser
@pytest.mark.skipif(PROGRAM is None, reason="no Chromium on this machine")
def test_it_goes_on_by_itself(full: Served, screen: Browser) -> None:
    screen.size(1920, 1080)
    screen.open(f"{full.base}/wall/?each=1")
    for slide in ("slide-systems", "slide-incidents", "slide-systems"):
        screen.wait(f"document.body.dataset.slide === '{slide}'")


@pytest.mark.browser
@pytest.mark.skipif(PROGRAM is None, reason="no Chromium on this machine")
def test_the_status_page_needs_no_script(full: Served, screen: Browser) -> None:
    path = full.folder / "catalogue" / "s1.yaml"
    path.write_text(path.read_text() + "status_page: true\n")
    full.call("apply", str(full.folder / "catalogue"))
    screen.size(390, 844)
    screen.language(full.base, "en")
    screen.call("Emulation.setScriptExecutionDisabled", value=True)
    try:
        screen.open(f"{full.base}/status/?lang=en")
        found = str(screen.call("DOM.getDocument", depth=-1))
        assert LONG in found
        assert "Mainstay itself is not watching" in found
        assert screen.call("Page.getLayoutMetrics")["cssContentSize"]["width"] <= 390
    finally:
        screen.call("Emulation.setScriptExecutionDisabled", value=False)
