"""Senders of PagerDuty's events: taken in by their own client, and refused in words that they know."""

import json
from typing import Any

import pytest
from django.core.wsgi import get_wsgi_application
from django.test import Client

from mainstay.catalogue.models import Component, System
from mainstay.diagnosis.models import Deployment
from mainstay.diagnosis.queries import changes_before
from mainstay.domain.actor import ENGINE, Role
from mainstay.incidents.models import Incident, Signal
from mainstay.people.actions import create_token
from mainstay.people.models import Person
from mainstay.web.entering import BACKEND

pytestmark = pytest.mark.django_db
EVENT = {"summary": "no space left", "source": "db", "severity": "critical", "group": "shop"}


@pytest.fixture
def key() -> str:
    shop = System.objects.create(name="shop", tier=1)
    Component.objects.create(system=shop, name="db", kind="host")
    made = create_token(
        name="sender", role=Role.NONE, systems={"shop": Role.OPERATOR}, scopes=["alert.receive"], actor=ENGINE
    )
    return made[1]


def post(body: Any, path: str = "/v2/enqueue", **more: Any) -> tuple[int, dict[str, Any]]:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    answer = Client().post(path, data, content_type="application/json", **more)
    return answer.status_code, answer.json()


def test_an_alert_from_its_first_word_to_its_last(key: str) -> None:
    status, told = post({"routing_key": key, "event_action": "trigger", "dedup_key": "disk", "payload": EVENT})
    assert (status, told) == (202, {"status": "success", "message": "Event processed", "dedup_key": "disk"})
    one = Incident.objects.get()
    assert (one.title["en"], one.root.name if one.root else "") == ("no space left", "db")
    for act, state in (("acknowledge", "acknowledged"), ("resolve", "acknowledged")):
        assert post({"routing_key": key, "event_action": act, "dedup_key": "disk"})[0] == 202
        assert Incident.objects.get().state == state
    assert Signal.objects.get().state == "ok", "and the incident ends once all has stayed well for a while"
    assert post({"routing_key": key, "event_action": "acknowledge", "dedup_key": "never heard of"})[0] == 202
    assert Incident.objects.count() == 1


def test_a_change_is_seen_at_the_incident(key: str) -> None:
    payload = {"summary": "release 7", "source": "ci", "custom_details": {"mainstay_system": "shop"}}
    body = {"routing_key": key, "payload": payload, "links": [{"href": "https://ci/7", "text": "log"}]}
    assert post(body, "/v2/change/enqueue") == (202, {"status": "success", "message": "Change event processed"})
    post({"routing_key": key, "event_action": "trigger", "payload": EVENT})
    (change,) = changes_before(Incident.objects.get())
    assert (change.note, change.url) == ("release 7 (ci)", "https://ci/7")


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        (b"{", 400, "no JSON"),
        (b"[" * 100_000, 400, "no JSON"),
        (b'{"x": "' + b"x" * 600_000 + b'"}', 413, "larger than 512 KB"),
        ({"event_action": "trigger", "payload": EVENT}, 400, "routing_key"),
        ({"routing_key": "mst_aaaaaaaa_x", "event_action": "trigger", "payload": EVENT}, 400, "routing_key"),
        ({"routing_key": ["x"]}, 400, "routing_key"),
        ({"routing_key": None, "event_action": "trigger"}, 400, "routing_key"),
    ],
)
def test_what_is_no_event(key: str, body: Any, status: int, said: str) -> None:
    code, told = post(body)
    assert (code, told["status"]) == (status, "invalid event")
    assert said in told["errors"][0]
    assert not Incident.objects.exists()


def test_what_lacks_something_is_told_so(key: str) -> None:
    status, told = post({"routing_key": key, "event_action": "trigger", "payload": {"source": "x"}})
    assert (status, told["message"]) == (400, "Event object is invalid")
    assert len(told["errors"]) == 2


def test_a_token_is_held_to_its_systems_and_scopes(key: str) -> None:
    System.objects.create(name="books", tier=1)
    body = {"routing_key": key, "event_action": "trigger", "payload": {**EVENT, "group": "books"}}
    assert post(body)[0] == 403
    reader = create_token(name="reader", role=Role.OPERATOR, scopes=["incident.read"], actor=ENGINE)[1]
    assert post({"routing_key": reader, "event_action": "trigger", "payload": EVENT})[0] == 403
    assert not Incident.objects.exists()


def test_their_own_client(key: str) -> None:
    """It is given another address, and nothing else is changed."""
    library, carrier = pytest.importorskip("pagerduty"), pytest.importorskip("httpx2")
    here = {"base_url": "https://testserver", "transport": carrier.WSGITransport(get_wsgi_application())}
    sender = library.EventsApiV2Client(key, **here)
    known = sender.trigger("no space left", "db", severity="critical", custom_details={"mainstay_system": "shop"})
    assert Incident.objects.get().title["en"] == "no space left"
    assert sender.acknowledge(known) == sender.resolve(known) == known
    assert (Incident.objects.get().state, Signal.objects.get().state) == ("acknowledged", "ok")
    told_at = "2026-11-28T00:00:00Z"  # without one it stumbles over its own clock
    sender.submit("release 7", source="ci", custom_details={"mainstay_system": "shop"}, timestamp=told_at)
    assert Deployment.objects.get().note.startswith("release 7")
    with pytest.raises(library.Error):
        library.EventsApiV2Client("another", **here).trigger("x", "y")


def test_only_post() -> None:
    answer = Client().get("/v2/enqueue")
    assert (answer.status_code, answer["Allow"]) == (405, "POST")


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_the_incident_shows_what_was_told(key: str, language: str) -> None:
    changed = {"summary": "release 7", "source": "ci", "custom_details": {"mainstay_system": "shop"}}
    post({"routing_key": key, "payload": changed}, "/v2/change/enqueue")
    post({"routing_key": key, "event_action": "trigger", "payload": {**EVENT, "summary": "50% <b>free</b>"}})
    browser = Client(headers={"accept-language": language})
    browser.force_login(Person.objects.create(username="ola", role=int(Role.OPERATOR)), backend=BACKEND)
    text = browser.get(f"/incidents/{Incident.objects.get().pk}/").content.decode()
    assert ("Alerts of other programs" in text) is (language == "en")
    assert "50% &lt;b&gt;free&lt;/b&gt;" in text
    assert "release 7" in text
