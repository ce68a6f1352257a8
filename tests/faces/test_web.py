"""Every page: who may open it, in both languages, on an empty install and on a bad day."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from mainstay.audit import queries as audit
from mainstay.catalogue.models import Channel, Check, Component, System
from mainstay.domain.actor import Actor, Role
from mainstay.domain.flow import Case, Stage, Step, analyse, drawn
from mainstay.incidents.actions import follow
from mainstay.incidents.models import Incident
from mainstay.monitoring import queries as monitoring
from mainstay.monitoring.models import Mute, Observation, Standing, StateChange
from mainstay.notices.models import Delivery, Notice
from mainstay.people.actions import add_person

pytestmark = pytest.mark.django_db
ROOT = Actor("test", Role.ADMINISTRATOR)
PASSWORD = "correct-horse-battery"
EMPTY = (
    "/today/", "/systems/", "/incidents/", "/notices/", "/audit/", "/account/", "/account/password/", "/people/",
    "/tokens/", "/settings/", "/settings/channels/new/", "/settings/calendars/", "/settings/secrets/", "/start/",
    "/settings/about/",
)  # fmt: skip


def person(role: Role) -> Client:
    add_person(username=role.name.lower(), password=PASSWORD, role=role, actor=ROOT)
    who = Client()
    assert who.post("/sign-in/", {"username": role.name.lower(), "password": PASSWORD}).status_code == 302
    return who


@pytest.fixture
def bad_day() -> Check:
    now = datetime.now(UTC)
    system = System.objects.create(
        name="shop", title={"en": "Shop", "zh": "商城"}, tier=1, objectives={"availability": 99}
    )
    db = Component.objects.create(system=system, name="db", kind="postgresql", title={"en": "Database", "zh": "数据库"})
    Component.objects.create(system=system, name="app", kind="http").depends_on.add(db)
    document = {"timeout": "5s", "warn": [], "crit": ["connect > 2s"], "help": {"en": "Look", "zh": "查看"}}
    check = Check.objects.create(
        system=system, component=db, name="db.up", title={"en": "Up <b>", "zh": "可用"}, kind="postgresql", every=10,
        category="system", impact="outage", document=document,
    )  # fmt: skip
    flow = Check.objects.create(
        system=system, component=db, name="sales", title={"en": "Sales", "zh": "销售"}, kind="flow", every=60,
        category="business", impact="degraded", document=document,
    )  # fmt: skip
    picture = analyse(
        [Stage("open", 60, title={"en": "waits for money", "zh": "待付款"}), Stage("paid", final=True)],
        [Case("<i>1", "open", 0, 12.5, "ann")],
        [Step("2", "paid", 1)],
        999,
    )
    Observation.objects.create(check_of=flow, at=now, payload=drawn(picture, 999))
    message = {"fault": "refused", "detail": "<script>alert(1)</script>", "unit": "s"}
    for one, state in ((check, "critical"), (flow, "ok")):
        Standing.objects.create(
            check_of=one, state=state, since=now - timedelta(hours=1), message=message, looked_at=now, updated_at=now
        )
    change = StateChange.objects.create(
        check_of=check, at=now - timedelta(hours=1), before="ok", after="critical", message=message,
        evidence={"rows": [{"id": "<u>7", "state": {"en": "money waits", "zh": "钱在等"}}], "excerpt": "<s>"},
    )  # fmt: skip
    follow([change], now)
    return check


@pytest.mark.parametrize("language", ["en", "zh-hans"])
@pytest.mark.parametrize(
    "route",
    [
        "/today/",
        "/systems/",
        "/incidents/",
        "/inspections/",
        "/inspections/month/",
        "/notices/",
        "/audit/",
        "/account/",
        "/account/password/",
        "/people/",
        "/tokens/",
    ],
)
def test_an_empty_install_has_something_to_say(language: str, route: str) -> None:
    who = person(Role.ADMINISTRATOR)
    answer = who.get(route, headers={"accept-language": language})
    assert answer.status_code == 200
    assert ("系统" if language == "zh-hans" else "Systems") in answer.content.decode()


@pytest.mark.parametrize("live", [False, True], ids=["page", "fragment"])
@pytest.mark.parametrize(
    "route",
    ["/today/", "/systems/", "/systems/shop/", "/systems/shop/checks/db.up/", "/incidents/?q=up", "/incidents/{n}/"],
)
def test_a_bad_day_is_shown_and_nothing_is_markup(bad_day: Check, route: str, live: bool) -> None:
    who = person(Role.ADMINISTRATOR)
    answer = who.get(route.format(n=Incident.objects.get().pk), headers={"hx-request": "true"} if live else {})
    text = answer.content.decode()
    assert answer.status_code == 200
    for raw in ("<script>alert", "<u>7", "<i>1", "Up <b>"):
        assert raw not in text
    assert ("<html" in text) is not live
    assert "style=" not in text, "the policy forbids inline style"


@pytest.mark.parametrize(
    ("language", "told", "other"),
    [("en", ("waits for money", "money waits"), "待付款"), ("zh-hans", ("待付款", "钱在等"), "waits for")],
)
def test_the_states_of_a_flow_are_called_as_people_call_them(
    bad_day: Check, language: str, told: tuple[str, str], other: str
) -> None:
    who = person(Role.OPERATOR)
    state, found = told
    for route, word in (
        ("/systems/shop/", state), ("/systems/shop/checks/sales/", state), ("/data/?view=cases", state),
        ("/wall/", state), ("/incidents/1/", found), ("/systems/shop/checks/db.up/", found),
    ):  # fmt: skip
        page = who.get(route.replace("/1/", f"/{Incident.objects.get().pk}/"), headers={"accept-language": language})
        assert word in page.content.decode(), route
        assert other not in page.content.decode(), route


def test_a_fault_that_no_check_sees_is_opened_by_hand(bad_day: Check) -> None:
    who, form = (
        person(Role.OPERATOR),
        {"system": "shop", "title": "Cash desk 3 is dead", "level": "1", "text": "by phone"},
    )
    assert 'action="/incidents/open"' in who.get("/incidents/").content.decode()
    said = who.post("/incidents/open", {**form, "category": "business"})
    made = Incident.objects.latest("pk")
    assert said["Location"] == f"/incidents/{made.pk}/"
    assert (made.title["en"], made.level, made.category) == ("Cash desk 3 is dead", 1, "business")
    assert made.graded_by == "person:operator"
    assert "by phone" in who.get(said["Location"]).content.decode()
    for wrong in ({"category": "x"}, {"category": "data", "title": " "}, {"category": "data", "level": "worst"}):
        assert who.post("/incidents/open", {**form, **wrong})["Location"] == "/incidents/"
    System.objects.update(retired_at=datetime.now(UTC))
    assert who.post("/incidents/open", {**form, "category": "data"}).status_code == 404
    assert Incident.objects.latest("pk") == made
    assert 'action="/incidents/open"' not in person(Role.VIEWER).get("/incidents/").content.decode()


def test_what_was_not_sent_is_sent_again(bad_day: Check) -> None:
    now, channel = datetime.now(UTC), Channel.objects.create(name="mail", kind="smtp")
    incident = Incident.objects.get()
    failed, sent = (
        Delivery.objects.create(
            notice=Notice.objects.create(key=word, incident=incident, word=word, at=now), channel=channel, key=word,
            due_at=now, attempts=3, **{at: now},
        )
        for word, at in (("worse", "given_up_at"), ("resolved", "sent_at"))
    )  # fmt: skip
    operator, viewer, pages = person(Role.OPERATOR), person(Role.VIEWER), ("/notices/", f"/incidents/{incident.pk}/")
    for page in pages:
        text = operator.get(page).content.decode()
        assert f"/notices/{failed.pk}/retry" in text
        assert f"/notices/{sent.pk}/retry" not in text
        assert "/retry" not in viewer.get(page).content.decode()
    assert viewer.post(f"/notices/{failed.pk}/retry").status_code == 403
    assert operator.post(f"/notices/{failed.pk}/retry", {"next": pages[1]})["Location"] == pages[1]
    failed.refresh_from_db()
    assert failed.given_up_at is None, "the engine takes it now"
    assert (
        "was sent already"
        in operator.post(f"/notices/{sent.pk}/retry", {"next": pages[0]}, follow=True).content.decode()
    )
    assert operator.post("/notices/999/retry").status_code == 404


@pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume")  # served by ASGI where it matters
def test_the_audit_trail_is_taken_away_whole(bad_day: Check) -> None:
    who = person(Role.APPROVER)
    assert 'href="/audit/trail"' in who.get("/audit/").content.decode()
    answer = who.get("/audit/trail")
    assert answer["Content-Disposition"] == 'attachment; filename="audit.jsonl"'
    lines = b"".join(answer).decode().splitlines()
    assert audit.verify_lines(lines, {}).records == len(lines) > 0
    assert person(Role.OPERATOR).get("/audit/trail").status_code == 403


def test_a_system_and_a_component_are_muted_and_heard_again(bad_day: Check) -> None:
    who, viewer = person(Role.OPERATOR), person(Role.VIEWER)
    assert 'action="/systems/shop/mute"' in who.get("/systems/shop/").content.decode()
    who.post("/systems/shop/mute", {"reason": "", "hours": "1"})
    assert not Mute.objects.exists(), "not without a reason"
    who.post("/systems/shop/mute", {"reason": "new disks", "hours": "2", "component": "app"})
    who.post("/systems/shop/mute", {"reason": "we move house", "hours": "3"})
    component, whole = Mute.objects.order_by("pk")
    assert (component.component.name, whole.component, whole.check_of) == ("app", None, None)
    for client, ends in ((who, True), (viewer, False)):
        text = client.get("/systems/shop/").content.decode()
        assert "new disks" in text
        assert "we move house" in text
        assert (f"/systems/shop/mutes/{whole.pk}/end" in text) is ends
        assert ('action="/systems/shop/mute"' in text) is ends
    text = who.get("/systems/shop/checks/db.up/").content.decode()
    assert ("we move house" in text, "/unmute" in text) == (True, False), "what covers more is not ended from here"
    who.post("/systems/shop/checks/db.up/unmute")
    assert monitoring.muted(bad_day, datetime.now(UTC)) == whole
    assert viewer.post(f"/systems/shop/mutes/{whole.pk}/end").status_code == 403
    System.objects.create(name="other")
    assert who.post(f"/systems/other/mutes/{whole.pk}/end").status_code == 404
    who.post(f"/systems/shop/mutes/{whole.pk}/end")
    assert list(monitoring.mutes(datetime.now(UTC))) == [component]
    assert who.post("/systems/shop/mute", {"reason": "x", "component": "nothing"}).status_code == 404


def test_today_asks_few_questions(bad_day: Check, django_assert_max_num_queries: Any) -> None:
    who = person(Role.ADMINISTRATOR)
    with django_assert_max_num_queries(38):  # four ask who is on call, four what is due of reviews, plans and drills
        who.get("/today/")


def test_too_many_wrong_passwords_lock_the_door() -> None:
    add_person(username="ann", password=PASSWORD, role=Role.VIEWER, actor=ROOT)
    who = Client()
    codes = [who.post("/sign-in/", {"username": "ann", "password": "no"}).status_code for _ in range(6)]
    assert codes[0] == 200
    assert codes[-1] == 429
    assert who.post("/sign-in/", {"username": "ann", "password": PASSWORD}).status_code == 429


def test_sign_in_does_not_lead_elsewhere() -> None:
    add_person(username="ann", password=PASSWORD, role=Role.VIEWER, actor=ROOT)
    answer = Client().post("/sign-in/?next=https://evil.example/", {"username": "ann", "password": PASSWORD})
    assert answer["Location"] == "/today/"
    assert Client().post("/language/", {"language": "zh-hans", "next": "//evil.example/"})["Location"] == "/"


@pytest.mark.parametrize(("route", "page", "back"), [
    ("/wall/", "http://testserver/wall/", "/wall/"),
    ("/alarm/", "http://testserver/incidents/?q=a", "/incidents/%3Fq%3Da"),
    ("/alarm/", "http://testserver//evil.example/", "/%252Fevil.example/"),
    ("/account/", "", "/account/"),
])  # fmt: skip
def test_a_fragment_never_holds_the_door(route: str, page: str, back: str) -> None:
    """When a session ends while a page refreshes, the whole page goes to sign in, and comes back to where it was."""
    answer = Client().get(route, headers={"hx-request": "true", "hx-current-url": page})
    assert answer.status_code == 200
    assert (answer["HX-Redirect"], answer.content) == (f"/sign-in/?next={back}", b"")
    assert Client().get(route).status_code == 302


def test_a_form_without_its_token_does_nothing(bad_day: Check) -> None:
    person(Role.OPERATOR)
    who = Client(enforce_csrf_checks=True)
    assert who.post("/sign-in/", {"username": "operator", "password": PASSWORD}).status_code == 403


def test_the_policy_forbids_what_is_not_ours() -> None:
    policy = Client().get("/sign-in/")["Content-Security-Policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
