"""A system's page: who is in charge, and the same state of a part in the list of its checks and in the drawing."""

import re

import pytest

from mainstay.catalogue.models import Channel, Check, Component, System
from mainstay.domain.actor import Role
from mainstay.monitoring.models import Standing
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
