"""Incidents in numbers, on the page, by API and command line: the same figures, of what may be seen, in few queries."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from xml.etree import ElementTree
from zoneinfo import ZoneInfo

import pytest
from django.test import Client

from mainstay.catalogue.models import System
from mainstay.domain.actor import Actor, Role
from mainstay.incidents import queries
from mainstay.incidents.models import Incident, Mark
from mainstay.people.actions import create_token
from mainstay.web.bars import ceiling, ceiling_of_time, columns, lying
from tests.faces.test_cli import Shell, shell
from tests.faces.test_web import person

__all__ = ["shell"]  # a fixture of the neighbours
ROOT = Actor("test", Role.ADMINISTRATOR)
NOW = datetime.now(UTC)


def incidents(system: str, number: int, *, level: int = 2, taken: bool = True) -> None:
    owner, _ = System.objects.get_or_create(name=system, defaults={"title": {"en": f"The {system} <b>"}})
    at = NOW - timedelta(hours=2)
    Incident.objects.bulk_create(
        Incident(
            key=f"{system}-{level}-{n}", system=owner, title={"en": "x"}, category="data", level=level,
            state="resolved", opened_at=at, since=at, resolved_at=at + timedelta(minutes=30),
            acknowledged_at=at + timedelta(minutes=n) if taken else None, reached={str(level): at.isoformat()},
        )
        for n in range(number)
    )  # fmt: skip


@pytest.mark.django_db
def test_the_page_says_what_the_api_says() -> None:
    incidents("shop", 5)
    incidents("books", 2, level=1, taken=False)
    late = Incident.objects.filter(system__name="books").earliest("pk")
    Mark.objects.create(incident=late, since=late.since, level=1, clock="respond", word="late", at=NOW)
    row = Client(headers=bearer(Role.VIEWER)).get("/api/v1/incident-stats").json()
    assert row["total"] == 7
    assert row["weeks"][-1]["levels"] in ({"1": 2, "2": 5, "3": 0}, {"1": 0, "2": 0, "3": 0})
    assert row["categories"] == {"system": 0, "data": 7, "business": 0}
    assert row["systems"] == [{"system": "shop", "count": 5}, {"system": "books", "count": 2}]
    assert row["pace"]["acknowledge"] == {"count": 5, "mean": 120.0, "median": 120.0}
    assert row["levels"][0] == {
        "level": 1, "acknowledge": {"count": 0, "mean": None, "median": None},
        "resolve": {"count": 2, "mean": None, "median": None},
        "responded": {"count": 2, "share": None}, "restored": {"count": 2, "share": None},
    }  # fmt: skip
    assert row["pace"]["responded"] == {"count": 7, "share": 6 / 7}
    page = person(Role.VIEWER).get("/incidents/?view=plots").content.decode()
    assert "not enough data" in page
    assert "The shop &lt;b&gt;" in page
    assert "style=" not in page
    drawings = [ElementTree.fromstring(one) for one in re.findall(r'<svg class="chart bars".*?</svg>', page, re.S)]
    assert [len(one.findall("g")) for one in drawings[:3]] == [26, 26, 8], "the newest weeks alone on a phone"
    assert drawings[2].findall("g/title")[-1].text == drawings[0].findall("g/title")[-1].text
    assert "7" in set(page.replace("<", ">").split(">")), "the numbers are also in a table"


@pytest.mark.django_db
def test_nobody_counts_what_he_may_not_see() -> None:
    incidents("shop", 5)
    incidents("books", 4)
    fenced = Client(headers=bearer(Role.VIEWER, {"books": Role.NONE}))
    row = fenced.get("/api/v1/incident-stats").json()
    assert (row["total"], row["systems"]) == (5, [{"system": "shop", "count": 5}])
    assert fenced.get("/api/v1/incident-stats?system=books").json()["total"] == 0
    assert Client(headers=bearer(Role.VIEWER)).get("/api/v1/incident-stats?system=books").json()["total"] == 4


@pytest.mark.django_db
def test_a_week_begins_at_midnight_of_the_zone() -> None:
    """Sunday 23:30 in Brussels is Sunday still in UTC, and Monday already in Shanghai."""
    owner = System.objects.create(name="shop")
    at = datetime(2026, 11, 22, 22, 30, tzinfo=UTC)
    Incident.objects.create(key="a", system=owner, category="data", level=1, opened_at=at, since=at)
    now = datetime(2026, 11, 26, tzinfo=UTC)
    for zone, place in (("Europe/Brussels", -2), ("UTC", -2), ("Asia/Shanghai", -1)):
        assert queries.statistics(now, ZoneInfo(zone)).weeks[place].total == 1, zone


@pytest.mark.django_db
def test_ten_thousand_are_counted_by_the_database(django_assert_num_queries: Any) -> None:
    incidents("shop", 10_000)
    with django_assert_num_queries(2):
        assert queries.statistics(NOW, UTC).total == 10_000


@pytest.mark.django_db
@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_without_any_it_says_so(language: str) -> None:
    text = person(Role.VIEWER).get("/incidents/?view=plots", headers={"accept-language": language}).content.decode()
    assert ("近 26 周没有故障" if language == "zh-hans" else "No incident in the last 26 weeks") in text


def test_by_command_line(shell: Shell) -> None:
    shell("incident", "open", "shop", "The till is stuck", "--level", "1")
    row = shell.json("incident", "stats", "--system", "shop")
    assert row["systems"][0]["system"] == "shop"
    assert row["weeks"][-1]["levels"]["1"] >= 1
    assert "not enough data" in shell("incident", "stats")[1]
    assert "数据不足" in shell("--lang", "zh", "incident", "stats")[1]


@pytest.mark.parametrize(("most", "end"), [(0, 1), (1, 1), (3, 3), (4, 4), (5, 6), (17, 20), (99, 100), (101, 150)])
def test_a_count_has_a_whole_axis(most: float, end: float) -> None:
    high, step = ceiling(most)
    assert (high, step == int(step), high >= most) == (end, True, True)


@pytest.mark.parametrize("most", [0.2, 59, 61, 3000, 86400, 5e6])
def test_a_duration_fits_its_axis(most: float) -> None:
    high, step = ceiling_of_time(most)
    assert high >= most
    assert high / step <= 4


def test_bars_stand_on_each_other_and_within_the_plot() -> None:
    drawn = columns([("a", "a", {"x": 1, "y": 3}), ("b", "b", {"x": 0, "y": 0})], str)
    low, high = drawn.columns[0].parts
    assert low.y == pytest.approx(high.y + high.height, abs=0.2)
    assert low.y + low.height == pytest.approx(drawn.bottom, abs=0.2)
    assert drawn.columns[1].parts == []
    assert [bar.width for bar in lying([("a", 10), ("b", 5), ("c", 0)])] == [290.0, 145.0, 0.0]


def bearer(role: Role, systems: dict[str, Role] | None = None) -> dict[str, str]:
    return {"authorization": f"Bearer {create_token(name='t', role=role, systems=systems or {}, actor=ROOT)[1]}"}
