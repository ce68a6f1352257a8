"""A system's page: who is in charge, and the same state of a part in the list of its checks and in the drawing."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from mainstay.catalogue.models import Channel, Check, Component, System
from mainstay.domain.actor import Role
from mainstay.incidents.models import Incident
from mainstay.monitoring.models import Observation, Standing, StateChange
from tests.faces.test_web import bad_day, person

__all__ = ["bad_day"]  # a fixture of the neighbours
pytestmark = pytest.mark.django_db


def page(language: str = "en") -> str:
    return person(Role.VIEWER).get("/systems/shop/", headers={"accept-language": language}).content.decode()


def part(text: str, name: str) -> str:
    """A part's box in the drawing."""
    return next(one for one in re.findall(r'<g class="box .*?</g>', text) if f"<title>{name} " in one)


@pytest.mark.parametrize("category", ["system", "data", "business"])
def test_a_part_is_drawn_as_bad_as_its_checks_are(bad_day: Check, category: str) -> None:
    """Of whatever category the check is that complains."""
    Check.objects.filter(pk=bad_day.pk).update(category=category)
    text = page()
    group = re.search(r'id="group-db"><summary><span class="state state-(\w+)', text)
    assert group is not None
    assert group[1] == "critical"
    assert 'class="box box-critical box-root"' in part(text, "Database")
    assert "critical · root" in part(text, "Database")
    Standing.objects.filter(check_of=bad_day).update(state="ok")
    text = person(Role.OPERATOR).get("/systems/shop/").content.decode()
    assert 'class="box box-ok' in part(text, "Database")


def test_the_drawing_is_told_to_who_does_not_see_it(bad_day: Check) -> None:
    """And a part that no check is about is not called well."""
    Component.objects.filter(name="app").update(title={"en": "Application", "zh": "应用"})
    said = "Application (not watched) needs Database; Database (critical · root)"
    assert f'aria-label="What depends on what: {said}"' in page()


@pytest.mark.parametrize(
    ("owner", "channels", "said"),
    [("it-team", ["on-call", "books"], ["it-team", "Told: on-call<"]), ("", [], ["Nobody is named", "Nobody is told"])],
    ids=["somebody", "nobody"],
)
def test_it_says_who_is_in_charge(bad_day: Check, owner: str, channels: list[str], said: list[str]) -> None:
    """The owner, and the channels that hear of its incidents; ``books`` is for another system."""
    System.objects.update(owner=owner)
    Channel.objects.bulk_create(Channel(name=name, kind="smtp") for name in channels)
    Channel.objects.filter(name="books").update(document={"systems": ["books"]})
    text = page()
    tile = text[text.index("Who is in charge") :].partition("</div>")[0]
    assert [one for one in said if one not in tile] == []


def test_running_incidents_stand_worst_first(bad_day: Check) -> None:
    now = datetime.now(UTC)
    owner = System.objects.get(name="shop")
    Incident.objects.update(level=1, since=now - timedelta(days=2))
    for level in (3, 2):
        Incident.objects.create(key=f"{level}", system=owner, level=level, category="data", opened_at=now, since=now)
    card = page().partition("<h2>Running incidents")[2].partition("</table>")[0]
    assert re.findall(r'level level-(\d)"', card) == ["1", "2", "3"]


def test_five_stuck_cases_are_shown_and_the_others_lie_behind_a_link(bad_day: Check) -> None:
    """So that the checks are not at the end of twenty; the check's own page shows all that are kept."""
    found = Observation.objects.get()
    first = found.payload["stuck"][0]
    found.payload["stuck"] = [{**first, "case": f"case-{n}"} for n in range(20)]
    found.save()
    text = page()
    assert len(re.findall("case-\\d+", text)) == 5
    assert re.search(r'<a href="([^"]*)">and 15 more', text)[1] == "/data/?view=cases&amp;system=shop"
    assert "case-19" in person(Role.OPERATOR).get("/systems/shop/checks/sales/").content.decode()


def test_a_new_system_is_promised_for_the_whole_span(bad_day: Check) -> None:
    """Known for a minute and down all of it: of the budget of 90 days little is used."""
    now = datetime.now(UTC)
    StateChange.objects.all().delete()
    StateChange.objects.create(check_of=bad_day, at=now - timedelta(seconds=60), before="unknown", after="critical")
    text = page()
    assert re.search(r"known for (1m|59\.\d|6\d)", text)
    tile = text.partition("Error budget left")[2].partition("</div>")[0]
    assert "−" not in tile
    assert "of 21h36m used" in tile
    text = person(Role.OPERATOR).get("/systems/").content.decode()
    assert "known for" in text
    assert "10,000 %" not in text


def test_every_group_of_checks_has_the_same_columns(bad_day: Check) -> None:
    """By a class whose first and last columns have a fixed width."""
    tables = re.findall(r'<details class="group".*?<table class="([^"]*)"', page(), re.S)
    assert set(tables) == {"cards checks"}
