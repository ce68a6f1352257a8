"""State changes as bands and as availability: many checks at once give what a count by hand gives."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from pytest_django import DjangoAssertNumQueries

from mainstay.catalogue.models import Check, System
from mainstay.domain.objective import uptime
from mainstay.domain.state import State
from mainstay.monitoring import queries
from mainstay.monitoring.models import Standing, StateChange

START = datetime(2026, 1, 5, tzinfo=UTC)
END = START + timedelta(hours=10)
WORDS = {"o": "ok", "w": "warning", "c": "critical", "u": "unknown"}


def check(system: str, name: str, story: str, impact: str = "outage") -> int:
    """``"-2c 3o"``: critical two hours before the span, ok three hours into it; the last one is how it stands."""
    owner, _ = System.objects.get_or_create(name=system)
    made = Check.objects.create(system=owner, name=name, kind="http", every=60, category="system", impact=impact)
    before, at = "unknown", START
    for one in story.split():
        at, after = START + timedelta(hours=float(one[:-1])), WORDS[one[-1]]
        if after != before:
            StateChange.objects.create(check_of=made, at=at, before=before, after=after)
        before = after
    if story:
        Standing.objects.create(check_of=made, state=before, since=at, updated_at=at)
    return made.pk


def drawn(check_id: int) -> str:
    bands = queries.state_bands(check_id, START, END)
    assert all(one.end == other.start for one, other in pairwise(bands)), "without gaps"
    hours = [(band.end - band.start) / timedelta(hours=1) for band in bands]
    return " ".join(f"{hour:g}{band.state.value[0]}" for hour, band in zip(hours, bands, strict=True))


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("story", "bands", "why"),
    [
        ("", "", "never looked at"),
        ("-5o", "10o", "as it stood"),
        ("-5u", "10u", "looked at, and unknown ever since"),
        ("4o", "6o", "not known before its first look"),
        ("-5o 2c 3o", "2o 1c 7o", "a fault within"),
        ("-5o -3c 4o", "4c 6o", "a fault that began before"),
        ("-5o 2w 4c", "2o 2w 6c", "a fault that lasts"),
        ("-5o 12c", "10o", "changed only after the span"),
        ("12c", "", "first looked at after the span"),
        ("-5o 0c 1o", "1c 9o", "changed as the span begins"),
        ("-5o 10c", "10o", "changed as the span ends"),
    ],
)
def test_bands(story: str, bands: str, why: str) -> None:
    assert drawn(check("shop", "page", story)) == bands, why


@pytest.mark.django_db
def test_many_checks_are_two_queries(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    stories = ["", "-5o", "4o", "-5o 2c 3o", "12c", "-5u"]
    ids = [check("shop", f"page-{number}", story) for number, story in enumerate(stories)]
    alone = {one: queries.state_bands(one, START, END) for one in ids}
    with django_assert_num_queries(2):
        together = queries.state_bands_of(ids, START, END)
    assert together == alone
    assert queries.state_bands_of([], START, END) == {}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("stories", "share", "why"),
    [
        ([], None, "no check that means an outage"),
        ([""], None, "never looked at"),
        (["-5o"], 1.0, "never down"),
        (["-5o 2c 3o 5w 6c 7o"], 0.8, "a warning is no outage"),
        (["-5o -1c 2o"], 0.8, "down when the span begins"),
        (["-5o 9c"], 0.9, "down when it ends"),
        (["-5o 2c 4o", "-5o 3c 5o"], 0.7, "down together counts once"),
        (["5o 6c 7o"], 0.8, "unknown time is left out: one of five hours"),
        (["5c"], 0.0, "down for as long as it is known"),
        (["5o 6c 7o", "-5o"], 0.9, "one known check makes the time known"),
        (["12c"], None, "first looked at after the span"),
        (["-5o 2u 7c 8o"], 0.8, "not seeing is neither up nor down: one of five hours"),
    ],
)
def test_availability(stories: list[str], share: float | None, why: str) -> None:
    for number, story in enumerate(stories):
        check("shop", f"page-{number}", story)
    check("shop", "trend", "-5c", impact="risk")
    assert queries.availability("shop", START, END) == (share if share is None else pytest.approx(share)), why


@pytest.mark.django_db
def test_availability_is_what_the_bands_say(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    stories = {"shop": "-5o 2c 3o", "books": "-5c", "mill": "4o", "new": ""}
    ids = {name: check(name, "page", story) for name, story in stories.items()}
    with django_assert_num_queries(4):
        found = queries.outage_bands_of([*stories, "nowhere"], START, END)
    shares = {name: uptime(bands, START, END).share for name, bands in found.items()}
    for name, check_id in ids.items():
        bands = queries.state_bands(check_id, START, END)
        down = sum(((band.end - band.start) for band in bands if band.state is State.CRITICAL), timedelta())
        known = sum(((band.end - band.start) for band in bands), timedelta())
        assert shares[name] == (1 - down / known if known else None), name
    assert shares["nowhere"] is None
