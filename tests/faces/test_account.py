"""Sessions, invitations, tokens, and what an administrator does with people, as they do it on the pages."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from mainstay.audit.models import Record
from mainstay.catalogue.models import System
from mainstay.domain.actor import Actor, Role
from mainstay.notices import letters
from mainstay.people import actions
from mainstay.people.models import Link, Person, Sitting, Token
from tests.line.shop import LOOPBACK, Box, channel, mail_server

pytestmark = pytest.mark.django_db
ROOT = Actor("test", Role.ADMINISTRATOR)
PASSWORD = "correct-horse-battery"
NEW = "violet-otter-harbour"
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0) AppleWebKit/605 (KHTML) Version/18.0 Safari/604.1"


def signed_in(name: str = "ann", role: Role = Role.VIEWER, agent: str = "") -> Client:
    if not Person.objects.filter(username=name).exists():
        actions.add_person(username=name, password=PASSWORD, role=role, actor=ROOT)
    who = Client(headers={"user-agent": agent})
    assert who.post("/sign-in/", {"username": name, "password": PASSWORD})["Location"] == "/today/"
    return who


@pytest.fixture
def boss() -> Client:
    return signed_in("boss", Role.ADMINISTRATOR)


def inside(who: Client) -> bool:
    return bool(who.get("/today/").status_code == 200)


def test_sessions_are_listed_and_ended(boss: Client) -> None:
    here, phone, other = signed_in(), signed_in(agent=PHONE), signed_in()
    page = here.get("/account/").content.decode()
    assert "Safari, iPhone" in page
    assert page.count("this one") == 1
    assert here.session.session_key not in page
    key = phone.session.session_key
    assert here.post(f"/account/sessions/{Sitting.objects.get(session=key).pk}/end").status_code == 302
    assert (inside(here), inside(phone), inside(other), inside(boss)) == (True, False, True, True)
    here.post("/account/sessions/end")
    assert (inside(here), inside(other), inside(boss)) == (True, False, True)


def test_a_new_password_ends_the_other_sessions(boss: Client) -> None:
    here, other = signed_in(), signed_in()
    form = {"old_password": PASSWORD, "new_password1": NEW, "new_password2": NEW}
    assert here.post("/account/password/", form)["Location"] == "/account/"
    kept = Person.objects.get(username="ann").password
    assert kept.startswith("argon2$argon2id$v=19$m=19456,t=2,p=1$"), "as docs/decisions/0003-sign-in.md has it"
    assert (inside(here), inside(other)) == (True, False)
    assert here.get("/account/").content.decode().count("this one") == 1


@pytest.mark.parametrize("way", ["people", "api"])
def test_an_administrator_signs_somebody_out(boss: Client, way: str) -> None:
    ann = signed_in()
    if way == "people":
        boss.post("/people/of/ann/end-sessions")
    else:
        _, text = actions.create_token(name="t", role=Role.ADMINISTRATOR, actor=ROOT)
        api = Client(headers={"authorization": f"Bearer {text}"})
        assert len(api.get("/api/v1/people/ann/sessions").json()) == 1
        assert api.delete("/api/v1/people/ann/sessions").json() == {"ended": 1}
    assert not inside(ann)


def test_who_loses_access_is_out_and_stays_out(boss: Client) -> None:
    ann = signed_in()
    boss.post("/people/of/ann/change", {"role": "viewer"})
    assert not inside(ann)
    boss.post("/people/of/ann/change", {"role": "viewer", "active": "on"})
    assert not inside(ann), "a session does not come back"
    assert inside(signed_in())


def test_roles_are_set_on_the_page(boss: Client) -> None:
    for name in ("shop", "till"):
        System.objects.create(name=name, title={"en": name})
    ann = signed_in()
    assert ann.get("/systems/till/").status_code == 200
    boss.post("/people/of/ann/change", {"role": "none", "active": "on", "on shop": "operator", "on till": "general"})
    assert (ann.get("/systems/shop/").status_code, ann.get("/systems/till/").status_code) == (200, 404)
    assert Record.objects.filter(act="person.change").latest("number").data == {
        "role": "none", "systems": {"shop": "operator"},
    }  # fmt: skip
    boss.post("/people/of/ann/change", {"role": "viewer", "active": "on", "on shop": "none", "on till": "general"})
    assert (ann.get("/systems/shop/").status_code, ann.get("/systems/till/").status_code) == (404, 200)


def test_the_last_administrator_stays(boss: Client) -> None:
    boss.post("/people/invite", {"username": "eve", "role": "administrator"})
    boss.post("/people/of/boss/change", {"role": "viewer", "active": "on"})
    assert Person.objects.get(username="boss").role == Role.ADMINISTRATOR, "one who is invited cannot help yet"


def invited(boss: Client, **form: Any) -> str:
    answer = boss.post("/people/invite", {"username": "eve", "role": "operator", **form})
    link = re.search(r'id="link">http[^<]*?(/invitation/\w+)<', answer.content.decode())
    assert link, answer.content.decode()
    return link[1]


def test_an_invitation_without_a_mail_server(boss: Client) -> None:
    link, eve = invited(boss), Client()
    for _ in range(2):
        assert eve.get(link)["Location"] == "/invitation/", "looking does not spend it"
    assert link.rpartition("/")[2] not in eve.get("/invitation/").content.decode()
    assert "too common" in eve.post("/invitation/", {"password": "password", "again": "password"}).content.decode()
    assert "differ" in eve.post("/invitation/", {"password": NEW, "again": "x"}).content.decode()
    assert eve.post("/invitation/", {"password": NEW, "again": NEW})["Location"] == "/sign-in/"
    assert not inside(eve), "the link sets a password and opens nothing"
    assert eve.get(link).status_code == 410
    assert eve.post("/invitation/", {"password": PASSWORD, "again": PASSWORD}).status_code == 410
    assert eve.post("/sign-in/", {"username": "eve", "password": NEW})["Location"] == "/today/"
    assert Person.objects.get(username="eve").role == Role.OPERATOR
    assert link.rpartition("/")[2] not in str(list(Link.objects.values())) + str(list(Record.objects.values()))


@pytest.mark.parametrize("spoiled", ["old", "replaced", "inactive", "changed", "cut"])
def test_a_link_that_is_no_longer_good(boss: Client, spoiled: str) -> None:
    link = invited(boss)
    waiting = Client()
    waiting.get(link)
    match spoiled:
        case "old":
            Link.objects.update(expires_at=datetime.now(UTC) - timedelta(seconds=1))
        case "replaced":
            actions.password_link("eve", actor=ROOT)
        case "inactive":
            actions.change_person("eve", active=False, actor=ROOT)
        case "changed":
            actions.change_person("eve", password=PASSWORD, actor=ROOT)
        case "cut":
            assert Client().get(link[:-1]).status_code == 410
            return
    assert Client().get(link).status_code == 410
    assert waiting.post("/invitation/", {"password": NEW, "again": NEW}).status_code == 410
    assert not Person.objects.get(username="eve").check_password(NEW)


def test_an_invitation_by_mail(boss: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(letters, "NOTICE_NETWORK", LOOPBACK)
    box = Box()
    with mail_server(box) as port:
        channel(port)
        answer = boss.post("/people/invite", {"username": "eve", "email": "eve@shop.example", "role": "viewer"})
    assert answer["Location"] == "/people/of/eve/"
    (mail,) = box.mails
    assert mail["To"] == "eve@shop.example"
    text = mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    link = re.search(r"/invitation/\w+", text)
    assert link
    assert Client().get(link[0])["Location"] == "/invitation/"
    assert link[0] not in boss.get("/people/of/eve/").content.decode()


def test_a_mail_server_that_refuses_leaves_the_link_to_be_shown(boss: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(letters, "NOTICE_NETWORK", LOOPBACK)
    with mail_server(Box(refuse=1)) as port:
        channel(port)
        assert invited(boss, email="eve@shop.example")


def test_a_new_password_by_link_leaves_the_second_factor(boss: Client) -> None:
    ann = signed_in()
    person = Person.objects.get(username="ann")
    actions.begin_totp(person)
    person.totps.update(confirmed_at=datetime.now(UTC))
    answer = boss.post("/people/of/ann/password-link").content.decode()
    link = re.search(r"/invitation/\w+", answer)
    assert link
    assert inside(ann), "the old password holds until the link is used"
    other = Client()
    other.get(link[0])
    other.post("/invitation/", {"password": NEW, "again": NEW})
    assert not inside(ann)
    assert other.post("/sign-in/", {"username": "ann", "password": NEW})["Location"] == "/sign-in/second/"


def test_a_token_is_shown_once_and_revoked(boss: Client) -> None:
    form = {"name": "backup", "role": "operator", "days": "9", "scope": ["alert"]}
    text = re.search(r'id="token">(mst_\w+)<', boss.post("/tokens/create", form).content.decode())
    assert text
    page = boss.get("/tokens/").content.decode()
    assert "backup" in page
    assert text[1] not in page
    program = Client(headers={"authorization": f"Bearer {text[1]}"})
    assert program.get("/api/v1/systems").status_code == 403
    assert program.post("/api/v1/alertmanager", {"alerts": []}, content_type="application/json").status_code == 200
    boss.post(f"/tokens/{Token.objects.get().pk}/revoke")
    assert program.get("/api/v1/systems").status_code == 401


@pytest.mark.parametrize(
    "wrong", [{"name": ""}, {"role": "king"}, {"days": "0"}, {"days": "x"}, {"scope": "all"}, {"system": "none"}]
)
def test_a_token_that_cannot_be(boss: Client, wrong: dict[str, str]) -> None:
    answer = boss.post("/tokens/create", {"name": "t", "role": "viewer", "days": "9", **wrong})
    assert answer["Location"] == "/tokens/"
    assert not Token.objects.exists()


def test_language_and_time_zone_are_ones_own(boss: Client) -> None:
    answer = boss.post("/account/ways", {"language": "zh-hans", "timezone": "Asia/Shanghai"})
    assert answer.cookies["django_language"].value == "zh-hans"
    assert "账号" in boss.get("/account/").content.decode()
    Person.objects.update(last_login=datetime(2027, 1, 31, 20, 0, tzinfo=UTC))
    assert "2027年2月1日 04:00:00 UTC+8" in boss.get("/people/").content.decode()
    boss.post("/account/ways", {"language": "xx", "timezone": "Mars/Base"})
    assert Person.objects.get().timezone == "Asia/Shanghai"
    again = Client().post("/sign-in/", {"username": "boss", "password": PASSWORD})
    assert again.cookies["django_language"].value == "zh-hans"
