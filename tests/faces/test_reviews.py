"""Reviews, actions and figures on the three faces."""

import csv
import io
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from mainstay.domain.actor import Actor, Role
from mainstay.engine import learning
from mainstay.incidents import actions as incidents
from mainstay.incidents.models import Incident
from mainstay.incidents.queries import countable
from mainstay.notices.queries import deliveries
from mainstay.people.models import Person
from mainstay.reviews.models import Action, Review
from tests.faces.test_api import call, client, shop
from tests.faces.test_web import person

__all__ = ["shop"]  # a fixture of the neighbours
pytestmark = pytest.mark.django_db
ROOT = Actor("test", Role.ADMINISTRATOR)
TODAY = datetime.now(UTC).date()


def over(level: int = 1, title: str = "The till is stuck") -> Incident:
    told: dict[str, Any] = {"category": "business", "level": level, "text": ""}
    made = incidents.open_by_hand(system="shop", title=title, actor=ROOT, **told)
    return incidents.resolve(made.pk, actor=ROOT)


@pytest.mark.usefixtures("shop")
def test_by_page_from_the_incident_to_what_was_done() -> None:
    incident, slight = over(), over(3)
    learning.follow()
    review = Review.objects.get()
    assert review.incident == incident
    who = person(Role.APPROVER)
    owner = Person.objects.get().username
    assert f"/reviews/{review.pk}/" in who.get(f"/incidents/{incident.pk}/").content.decode()
    assert "Reviews that are not closed" in who.get("/today/").content.decode()
    here = f"/reviews/{review.pk}"
    who.post(f"{here}/write", {"why": ["The pool was full", "Nobody <b>watched</b> it", ""], "cause": "capacity"})
    page = who.get(f"{here}/").content.decode()
    assert "Nobody &lt;b&gt;watched" in page
    who.post(f"{here}/hold", {"present": "Ann"})
    assert "add an action" in who.post(f"{here}/close", follow=True).content.decode()
    late = {"title": "Watch the pool", "owner": owner, "due": str(TODAY + timedelta(days=3))}
    assert "2027-01-31" in who.post(f"{here}/actions", {**late, "due": ""}, follow=True).content.decode()
    who.post(f"{here}/actions", late)
    action = Action.objects.get()
    assert "Watch the pool" in who.get("/today/").content.decode()
    done = f"/reviews/actions/{action.pk}/done"
    assert (
        "no check shop/none" in who.post(done, {"ending": "check", "proof": "shop/none"}, follow=True).content.decode()
    )
    own = {"reason": "x", "until": str(TODAY + timedelta(days=9))}
    refused = who.post(f"/reviews/actions/{action.pk}/accept", own, follow=True).content.decode()
    assert "his own action" in refused
    who.post(done, {"ending": "check", "proof": "shop/home"})
    assert "a check" in who.get("/reviews/?view=actions&state=done").content.decode()
    who.post(f"{here}/close")
    review.refresh_from_db()
    assert review.state == "closed"
    printed = who.get(f"{here}/review.html").content.decode()
    assert "The pool was full" in printed
    assert who.get(f"{here}/review.exe").status_code == 404
    opened = who.post(f"/incidents/{slight.pk}/review", follow=True)
    assert opened.redirect_chain[-1][0] == f"/reviews/{Review.objects.latest('pk').pk}/"


def test_by_api_and_what_is_refused(shop: Client) -> None:
    incident = over()
    learning.follow()
    (row,) = shop.get("/api/v1/reviews?state=open&system=shop").json()["items"]
    assert (row["incident"], row["level"], row["cause"]) == (incident.pk, 1, "")
    here = f"/api/v1/reviews/{row['id']}"
    assert "of what kind" in call(shop, "post", f"{here}/close").json()["detail"]
    call(shop, "post", f"{here}/write", {"whys": ["x"], "cause": "data", "nothing": "replaced anyway"})
    assert call(shop, "post", f"{here}/close").json()["state"] == "closed"
    assert call(shop, "post", f"{here}/write", {"well": "x"}).status_code == 409
    call(shop, "post", f"{here}/reopen", {"reason": "more"})
    Person.objects.create(username="zoe", role=Role.OPERATOR, password="!", email="zoe@shop.example")
    agreed = {"title": "Watch it", "owner": "zoe", "due": str(TODAY + timedelta(days=9))}
    action = call(shop, "post", f"{here}/act", agreed).json()
    assert (action["state"], action["review"]) == ("open", row["id"])
    until = {"reason": "sold soon", "until": str(TODAY + timedelta(days=30))}
    number = f"/api/v1/actions/{action['id']}"
    assert call(client(Role.OPERATOR), "post", f"{number}/accept", until).status_code == 403
    assert call(shop, "post", f"{number}/accept", until).json()["ending"] == "accepted-risk"
    whole = shop.get(here).json()
    assert [one["word"] for one in whole["actions"][0]["story"]] == ["made", "done"]
    assert whole["facts"]["detection"] is None
    assert whole["facts"]["stuck"] == {"most": None, "more": None}
    assert shop.get("/api/v1/actions?state=undone").json()["count"] == 0


def test_who_is_fenced_off_reads_neither_reviews_nor_letters_about_actions(shop: Client) -> None:
    over()
    learning.follow()
    fenced = Actor("person:x", Role.OPERATOR, systems={"shop": Role.NONE}).sight
    assert not deliveries(sight=fenced).filter(notice__word__startswith="action-").exists()
    assert shop.get("/api/v1/reviews").json()["count"] == 1


def test_figures_are_the_same_on_every_face_and_say_what_they_count(shop: Client) -> None:
    for n in range(4):
        over(1 + n % 2, f"fault {n}")
    now = datetime.now(UTC)
    for place, one in enumerate(Incident.objects.order_by("pk")):
        start = now - timedelta(minutes=60 - 10 * place)
        Incident.objects.filter(pk=one.pk).update(
            key="till", opened_at=start, since=start, resolved_at=start + timedelta(minutes=3),
            acknowledged_at=start + timedelta(minutes=1) if place else None,
        )  # fmt: skip
    rows = {(row["group"], row["name"]): row for row in shop.get("/api/v1/figures?months=3").json()["rows"]}
    whole = rows["all", ""]
    assert (whole["faults"], whole["mtta_count"], whole["mtta_mean"], whole["mttr_mean"]) == (4, 3, 60, 180)
    assert (whole["recurring"], whole["recurrence"]) == (3, 0.75)
    assert rows["level", "2"]["faults"] == 2
    assert rows["level", "2"]["mttr_mean"] is None
    assert rows["system", "shop"] == {**whole, "group": "system", "name": "shop"}
    text = shop.get("/api/v1/figures/csv?months=3").content.decode()
    assert next(csv.DictReader(io.StringIO(text)))["faults"] == "4"
    who = person(Role.VIEWER)
    page = who.get("/incidents/figures/?months=3").content.decode()
    for said in ("What is counted", "less than 90 days before", "not enough data"):
        assert said in page
    assert "style=" not in page.partition("<main")[2]
    assert who.get("/incidents/figures/csv?months=3").content.decode() == text
    assert shop.get("/api/v1/figures?level=2&months=3").json()["rows"][0]["faults"] == 2


def test_no_figures_are_an_empty_page_and_not_zeros(shop: Client) -> None:
    page = person(Role.VIEWER).get("/incidents/figures/").content.decode()
    assert "No fault in these months" in page
    assert shop.get("/api/v1/figures").json()["rows"][0]["availability"] is None
    assert not countable().exists()
