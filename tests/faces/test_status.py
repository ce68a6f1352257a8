"""The public status page: what everybody reads, and that nothing of the inside is in it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from xml.etree import ElementTree

import pytest
from django.test import Client

from mainstay.catalogue.models import Check, System
from mainstay.domain.actor import Actor, Role
from mainstay.incidents.actions import open_by_hand, resolve
from mainstay.monitoring.models import Pulse, Standing, StateChange
from mainstay.web import public_status, status
from mainstay.web.public_status import Kept
from tests.faces.test_web import bad_day

__all__ = ["bad_day"]  # a fixture of the neighbours
pytestmark = pytest.mark.django_db
ROOT = Actor("test", Role.ADMINISTRATOR)
FORMS = ("/status/", "/status.json", "/status.atom")


@pytest.fixture(autouse=True)
def anew() -> Iterator[None]:
    status.forget()
    public_status.forget()
    yield
    status.forget()
    public_status.forget()


@pytest.fixture
def watched() -> None:
    now = datetime.now(UTC)
    Pulse.objects.create(process="checker-1", at=now, started_at=now)


@pytest.fixture
def shown(bad_day: Check) -> Check:
    System.objects.update(document={"status_page": True})
    return bad_day


def facts() -> dict[str, Any]:
    found: dict[str, Any] = Client().get("/status.json").json()
    return found


def test_who_did_not_opt_in_is_not_there(bad_day: Check, watched: None) -> None:
    for address in FORMS:
        text = Client().get(address).content.decode()
        assert "shop" not in text.lower(), address
    assert (facts()["systems"], facts()["incidents"]) == ([], [])


def test_a_bad_day_in_words_for_everybody(shown: Check, watched: None) -> None:
    row = facts()
    (system,) = row["systems"]
    assert (system["state"], system["word"], row["state"], row["silent"]) == ("down", "down", "down", False)
    assert len(system["days"]) == 90
    assert system["availability_90_days"] < 1
    (incident,) = row["incidents"]
    assert (incident["title"], incident["over"]) == ("It does not work as it should", None)
    page = Client().get("/status/").content.decode()
    assert "Something does not work." in page
    assert "style=" not in page


@pytest.mark.parametrize("address", FORMS)
def test_nothing_of_the_inside_is_told(shown: Check, watched: None, address: str) -> None:
    open_by_hand(system="shop", title="Database on 10.0.0.7", category="data", level=2, text="secret words", actor=ROOT)
    text = Client().get(address).content.decode().lower()
    for inside in ("database", "数据库", "db.up", "refused", "alert(1)", "postgresql", "10.0.0.7", "secret", "ann",
                   "sales", "up <b>", "up &lt;b"):  # fmt: skip
        assert inside not in text, inside


def test_a_person_says_it_better(shown: Check, watched: None) -> None:
    number = open_by_hand(system="shop", title="The till is <i> stuck", category="business", level=2, text="",
                          actor=ROOT).pk  # fmt: skip
    assert {one["title"] for one in facts()["incidents"]} == {"It does not work as it should", "The till is <i> stuck"}
    assert "The till is &lt;i&gt; stuck" in Client().get("/status/").content.decode()
    resolve(number, actor=ROOT)
    status.forget()
    assert [one["title"] for one in facts()["incidents"] if one["over"]] == ["The till is <i> stuck"]
    feed = ElementTree.fromstring(Client().get("/status.atom").content)
    titles = [one.text for one in feed.iter("{http://www.w3.org/2005/Atom}title")]
    assert any("The till is <i> stuck (partial, over)" in str(one) for one in titles)


def test_silence_is_never_green(shown: Check) -> None:
    StateChange.objects.all().delete()
    Standing.objects.update(state="ok")
    row = facts()
    assert (row["silent"], row["state"], row["systems"][0]["state"]) == (True, "not_known", "not_known")
    page = Client().get("/status/").content.decode()
    assert "Mainstay itself is not watching" in page
    assert "Everything works" not in page
    assert "not watching" in Client().get("/status.atom").content.decode()
    at = datetime.now(UTC)
    pulse = Pulse.objects.create(process="checker-1", at=at, started_at=at)
    status.forget()
    assert facts()["silent"] is False
    Pulse.objects.filter(pk=pulse.pk).update(at=at - timedelta(minutes=1))
    status.forget()
    assert facts()["silent"] is True


@pytest.mark.parametrize(
    ("address", "header", "words"),
    [
        ("/status/", "en", "Something does not work."),
        ("/status/", "zh-CN", "有系统不可用。"),
        ("/status/?lang=zh-hans", "en", "有系统不可用。"),
        ("/status/?lang=en", "zh-CN", "Something does not work."),
        ("/status/?lang=../x", "zh-CN", "有系统不可用。"),
    ],
)
def test_both_languages(shown: Check, watched: None, address: str, header: str, words: str) -> None:
    assert words in Client().get(address, headers={"accept-language": header}).content.decode()


@pytest.mark.parametrize("address", FORMS)
def test_many_readers_cost_one(shown: Check, watched: None, address: str, django_assert_max_num_queries: Any) -> None:
    reader = Client()
    with django_assert_max_num_queries(16):
        reader.get(address)
    with django_assert_max_num_queries(0):
        for number in range(50):
            answer = reader.get(f"{address}?x={number}")
    assert not answer.cookies
    assert answer["Cache-Control"] == "public, max-age=15"
    assert {"Accept-Language", "Cookie"} <= set(answer["Vary"].split(", "))
    assert reader.post(address).status_code == 405


def test_what_is_kept_grows_old() -> None:
    now, made = [0.0], iter(range(9))
    kept: Kept[int] = Kept(15, clock=lambda: now[0])
    assert (kept.get("a", made.__next__), kept.get("a", made.__next__), kept.get("b", made.__next__)) == (0, 0, 1)
    now[0] = 15.0
    assert kept.get("a", made.__next__) == 2
