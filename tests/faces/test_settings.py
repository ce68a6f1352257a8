"""Onboarding and settings as requests: what is kept, what is never shown, who is sent away."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from mainstay.catalogue import actions, queries
from mainstay.catalogue.examine import examine
from mainstay.catalogue.models import Outline, Secret
from mainstay.catalogue.secret_book import SecretBook
from mainstay.domain.actor import Actor, Role
from mainstay.monitoring.models import Pulse
from mainstay.notices.models import Delivery
from mainstay.people.models import Person
from mainstay.web.entering import BACKEND

pytestmark = pytest.mark.django_db
ROOT = Actor("test", Role.ADMINISTRATOR)
SHOP = b"""
system: shop
notify: [mail]
calendar: cn
components: {web: {kind: http, url: "http://127.0.0.1:1/?x=${A_TOKEN}"}}
"""
SHARED = b"""
channels:
  mail: {kind: smtp, host: mail.example, password: "${MAIL_PASSWORD}", sender: m@x.example, to: [it@x.example]}
calendars: {cn: {holidays: ["2027-01-01"]}}
"""
PART = {"f-host": "127.0.0.1", "f-port": "1", "f-database": "shop", "f-user": "reader"}


def person(role: Role = Role.ADMINISTRATOR) -> Client:
    made = Person.objects.create(username=role.name.lower(), role=role, password="!")
    who = Client()
    who.force_login(made, backend=BACKEND)
    return who


@pytest.fixture
def ann() -> Client:
    return person()


@pytest.fixture
def shop() -> None:
    actions.set_secret("MAIL_PASSWORD", "sealed-before", actor=ROOT)
    actions.apply(examine({"shop.yaml": SHOP, "shared.yaml": SHARED}).catalogue, actor=ROOT)


def text(answer: Any) -> str:
    return str(answer.content.decode())


def begin(who: Client) -> None:
    system = {"system": "store", "title": "Store", "tier": "1", "timezone": "Asia/Shanghai", "hours": "", "owner": "it"}
    assert who.post("/start/system", system)["Location"] == "/start/parts/"
    assert who.post("/start/parts/add", {"pack": "postgresql", "kind": "postgresql"}).status_code == 302


# Onboarding


def test_an_empty_install_shows_the_way_or_whom_to_ask(ann: Client) -> None:
    assert 'href="/start/"' in text(ann.get("/today/"))
    viewer = text(person(Role.VIEWER).get("/today/"))
    assert 'href="/start/"' not in viewer
    assert "ask one of them" in viewer


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"system": "Not A Name"}, "such as shop"), ({"timezone": "Mars/Base"}, "Asia/Shanghai"),
        ({"hours": "sometimes"}, "Mon-Fri"), ({"title": ""}, "How do people call it"), ({"tier": "9"}, "1, 2, 3"),
        ({"system": "shop"}, "under care already"),
    ],
)  # fmt: skip
def test_a_wrong_field_is_named_and_nothing_typed_is_lost(
    shop: None, ann: Client, wrong: dict[str, str], said: str
) -> None:
    typed = {"system": "store", "title": "Store", "tier": "1", "timezone": "UTC", "hours": "", "owner": "somebody"}
    answer = text(ann.post("/start/system", typed | wrong))
    assert said in answer
    assert 'value="somebody"' in answer
    assert not Outline.objects.exists()


def test_a_password_goes_into_the_store_and_nowhere_else(ann: Client) -> None:
    begin(ann)
    ann.post("/start/parts/db/save", {**PART, "password": "hush-hush"})
    assert SecretBook().value("STORE_DB_DSN") == "postgresql://reader:hush-hush@127.0.0.1:1/shop"
    for path in ("/start/parts/db/", "/start/summary/", "/start/files", "/settings/secrets/"):
        assert "hush" not in text(ann.get(path)), path
    assert "hush" not in str(Outline.objects.values())
    assert "${STORE_DB_DSN}" in text(ann.get("/start/files"))


def test_a_password_is_not_taken_to_another_address(ann: Client) -> None:
    begin(ann)
    ann.post("/start/parts/db/save", {**PART, "password": "hush-hush"})
    moved = text(ann.post("/start/parts/db/save", {**PART, "f-host": "203.0.113.9", "password": ""}))
    assert "write it again" in moved
    assert "203.0.113.9" in moved, "what was typed stays in the form"
    assert "127.0.0.1" in SecretBook().value("STORE_DB_DSN")
    assert ann.post("/start/parts/db/save", {**PART, "password": ""}).status_code == 302


def test_somebody_elses_secret_is_never_overwritten(ann: Client) -> None:
    actions.set_secret("STORE_DB_DSN", "not yours", actor=ROOT)
    begin(ann)
    ann.post("/start/parts/db/save", {**PART, "password": "hush"})
    assert SecretBook().value("STORE_DB_DSN") == "not yours"
    assert "reader:hush" in SecretBook().value("STORE_DB_DSN_2")


def test_what_is_dropped_or_left_for_a_day_takes_its_secrets_along(ann: Client) -> None:
    for end in ("drop", "old"):
        begin(ann)
        ann.post("/start/parts/db/save", {**PART, "password": "hush"})
        if end == "drop":
            ann.post("/start/drop")
        else:
            old = datetime.now(UTC) - timedelta(hours=25)
            Outline.objects.update(touched_at=old)
            assert ann.get("/start/parts/")["Location"] == "/start/"
            actions.drop_old_outlines(datetime.now(UTC))
        assert not Outline.objects.exists()
        assert not Secret.objects.exists()


def test_applied_it_keeps_its_secrets_and_is_no_outline_any_more(ann: Client) -> None:
    begin(ann)
    ann.post("/start/parts/db/save", {**PART, "password": "hush"})
    assert ann.post("/start/apply")["Location"] == "/systems/store/"
    assert queries.checks("store").count() == 8
    assert Secret.objects.get().name == "STORE_DB_DSN"
    assert not Outline.objects.exists()


def test_each_describes_his_own(ann: Client) -> None:
    begin(ann)
    other = person(Role.APPROVER)
    assert other.get("/start/parts/")["Location"] == "/start/"
    begin(other)
    denied = other.post("/start/parts/db/save", {**PART, "password": "hush"})
    assert denied.status_code == 403, "an approver applies, but gives no secrets"
    assert person(Role.OPERATOR).get("/start/").status_code == 403


def test_a_pasted_robot_is_sealed(ann: Client) -> None:
    begin(ann)
    pasted = "https://oapi.dingtalk.com/robot/send?access_token=abcdef"
    ann.post("/start/told/channel", {"kind": "apprise", "name": "chat", "s-urls": pasted, "language": "zh-hant"})
    assert Outline.objects.get().document["channels"]["chat"]["language"] == "zh-hant"
    assert SecretBook().value("CHAT_URLS") == pasted
    files = ann.get("/start/files")
    assert files["Content-Type"] == "application/zip"
    assert "abcdef" not in text(ann.get("/start/summary/")) + text(ann.get("/start/told/?name=chat"))
    wrong = text(ann.post("/start/told/channel", {"kind": "smtp", "name": "mail", "s-host": "mail.example"}))
    assert "mail.example" in wrong, "what was typed stays in the form"


# Settings


def test_a_channel_is_changed_without_its_secret_being_seen_or_lost(shop: None, ann: Client) -> None:
    form = text(ann.get("/settings/channels/of/mail/"))
    assert "sealed-before" not in form
    assert "MAIL_PASSWORD" not in form
    typed = {
        "kind": "smtp", "name": "mail", "s-host": "mx.example", "s-port": "587", "s-tls": "starttls",
        "s-sender": "m@x.example", "s-to": "a@x.example\nb@x.example", "language": "zh", "levels": ["1", "2"],
    }  # fmt: skip
    assert ann.post("/settings/channels/save", typed).status_code == 302
    channel = queries.channels().get()
    assert channel.settings == {
        "host": "mx.example", "port": 587, "tls": "starttls", "password": "${MAIL_PASSWORD}", "sender": "m@x.example",
        "to": ["a@x.example", "b@x.example"],
    }  # fmt: skip
    assert channel.document["levels"] == [1, 2]
    ann.post("/settings/channels/save", {**typed, "s-password": "second"})
    assert SecretBook().value("MAIL_PASSWORD") == "second"


@pytest.mark.parametrize("language", ["en", "zh", "zh-hant"])
def test_a_channel_that_is_saved_as_it_is_shown_stays_as_it_is(ann: Client, language: str) -> None:
    channel = f"{{kind: webhook, url: https://hook.example/x, language: {language}, levels: [1, 2]}}"
    actions.apply(examine({"shared.yaml": f"channels: {{hook: {channel}}}".encode()}).catalogue, actor=ROOT)
    before = queries.channels().get()
    form = text(ann.get("/settings/channels/of/hook/"))
    (chosen,) = re.findall(r'<option value="([\w-]+)" selected>', form.partition('name="language"')[2])
    assert chosen == language
    shown = {"s-url": "https://hook.example/x", "language": chosen, "levels": ["1", "2"]}
    ann.post("/settings/channels/save", {"kind": "webhook", "name": "hook", **shown})
    after = queries.channels().get()
    assert (after.document, after.settings) == (before.document, before.settings)


def test_a_new_channel_speaks_as_its_maker_reads(ann: Client) -> None:
    for asked, wanted in (("zh-TW", "zh-hant"), ("zh-CN", "zh"), ("en", "en")):
        form = text(ann.get("/settings/channels/new/?kind=smtp", headers={"accept-language": asked}))
        assert f'value="{wanted}" selected' in form


def test_a_channel_that_is_wrong_changes_nothing(shop: None, ann: Client) -> None:
    answer = text(ann.post("/settings/channels/save", {"kind": "smtp", "name": "mail", "s-host": "", "s-port": "many"}))
    assert "said-error" in answer
    assert queries.channels().get().settings["host"] == "mail.example"
    assert "is there already" in text(ann.post("/settings/channels/save", {"kind": "smtp", "name": "mail", "new": "1"}))


def test_a_test_is_queued_and_its_outcome_shown(shop: None, ann: Client) -> None:
    operator = person(Role.OPERATOR)
    assert operator.post("/settings/channels/of/mail/test").status_code == 302
    Delivery.objects.update(given_up_at=datetime.now(UTC), outcome="mail.example answered 550")
    shown = text(operator.get("/settings/", headers={"hx-request": "true"}))
    assert "answered 550" in shown
    assert "<html" not in shown
    assert operator.get("/settings/channels/of/mail/").status_code == 403


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("channels/of/mail", "notify: [mail]"),
        ("channels/of/mail", "inspection: {tell: [mail]}"),
        ("channels/of/mail", "inspection: {escalate: [mail]}"),
        ("calendars/of/cn", "calendar: cn"),
    ],
)
def test_what_a_system_names_is_not_retired(shop: None, ann: Client, path: str, names: str) -> None:
    kind = queries.channels if "mail" in names else queries.calendars
    naming = f'system: shop\n{names}\ncomponents: {{web: {{kind: http, url: "http://127.0.0.1:1/"}}}}\n'.encode()
    actions.apply(examine({"shop.yaml": naming}, whole=False, known=queries.known()).catalogue, actor=ROOT)
    ann.post(f"/settings/{path}/retire")
    assert kind().count() == 1
    alone = b'system: shop\ncomponents: {web: {kind: http, url: "http://127.0.0.1:1/"}}\n'
    actions.apply(examine({"shop.yaml": alone}, whole=False, known=queries.known()).catalogue, actor=ROOT)
    ann.post(f"/settings/{path}/retire")
    assert kind().count() == 0
    assert queries.systems().count() == 1, "nothing else goes"


def test_a_new_calendar_takes_no_name_that_is_there(shop: None, ann: Client) -> None:
    """Nor is what was typed lost: the name can be mended."""
    answer = text(ann.post("/settings/calendars/save", {"new": "1", "name": "cn", "holidays": "2031-05-05"}))
    assert "A calendar of that name is there already." in answer
    assert 'name="name" value="cn"' in answer
    assert "2031-05-05" in answer
    assert queries.calendars().get().document["holidays"] == ["2027-01-01"]
    ann.post("/settings/calendars/save", {"new": "1", "name": "hk", "holidays": "2031-05-05"})
    assert queries.calendars().get(name="hk").document["holidays"] == ["2031-05-05"]


def test_a_calendar_is_changed(shop: None, ann: Client) -> None:
    ann.post("/settings/calendars/save", {"name": "cn", "holidays": "2027-01-01, 2027-10-01", "workdays": "2027-02-06"})
    assert queries.calendars().get().document == {"holidays": ["2027-01-01", "2027-10-01"], "workdays": ["2027-02-06"]}
    answer = text(ann.post("/settings/calendars/save", {"name": "cn", "holidays": "tomorrow"}))
    assert "is not a day" in answer


def test_secrets_are_names(shop: None, ann: Client) -> None:
    shown = text(ann.get("/settings/secrets/"))
    assert "A_TOKEN" in shown, "asked for and not given"
    assert "shop/web" in shown
    ann.post("/settings/secrets/set", {"name": "A_TOKEN", "value": "hidden-value"})
    assert SecretBook().value("A_TOKEN") == "hidden-value"
    assert "hidden-value" not in text(ann.get("/settings/secrets/"))
    ann.post("/settings/secrets/of/A_TOKEN/delete")
    assert queries.names_without_value() == ["A_TOKEN"]
    ann.post("/settings/secrets/rotate")
    assert SecretBook().value("MAIL_PASSWORD") == "sealed-before"


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_about_says_what_runs_and_where_only_to_administrators(ann: Client, language: str, settings: Any) -> None:
    shown = text(ann.get("/settings/about/", headers={"accept-language": language}))
    assert ("从未上报" if language == "zh-hans" else "was never heard of") in shown
    assert str(settings.DATA.parent) in shown
    now = datetime.now(UTC)
    for name, at in (("checker-host1", now), ("checker-host2", now - timedelta(minutes=5))):
        Pulse.objects.create(process=name, at=at, started_at=at)
    shown = text(ann.get("/settings/about/", headers={"accept-language": language}))
    said = [re.search(rf"(\w+)</span> {name}", shown) for name in ("checker-host1", "checker-host2")]
    assert [one and one[1] for one in said] == (["正常", "无心跳"] if language == "zh-hans" else ["alive", "silent"])
    assert str(settings.DATA.parent) not in text(person(Role.VIEWER).get("/settings/about/"))
