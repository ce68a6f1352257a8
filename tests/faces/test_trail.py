"""The audit trail in words, and who is silent: every act and process has its name in both languages."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.template import Context, Template
from django.utils.translation import override

from mainstay.audit.actions import record
from mainstay.domain.actor import PERMISSIONS, Actor, Role
from mainstay.monitoring.models import Pulse
from tests.faces.test_web import bad_day, person

__all__ = ["bad_day"]  # a fixture of the neighbours
OTHERS = (
    "account.factor", "account.passkey", "account.password", "account.session", "account.sign-in", "account.ways",
    "backup.cleaned", "backup.copy", "backup.damage", "backup.drop", "backup.failed", "backup.proof",
    "backup.repository", "backup.retry", "catalogue.outline", "check.ping-address",
    "desk.say", "desk.score", "oncall.answer", "oncall.call",
)  # fmt: skip
"""Acts that need no permission of their own."""
ACTS = sorted({act for act in PERMISSIONS if not act.endswith(".read")} | set(OTHERS))


def said(tag: str, thing: str) -> str:
    return Template("{% load trail %}{% " + tag + " thing %}").render(Context({"thing": thing}))


@pytest.mark.parametrize("act", ACTS)
def test_every_act_has_words(act: str) -> None:
    with override("zh-hans"):
        words = re.sub("<[^>]*>", "", said("act_said", act))
        assert f'title="{act}"' in said("act_said", act), "its code on hover"
    assert not re.search("[a-z]", words.replace("Mainstay", "")), words


def test_an_object_is_named_by_its_kind() -> None:
    with override("zh-hans"):
        assert said("object_said", "person ann") == '<span title="person ann">人员 ann</span>'
        assert said("object_said", "incident 3") == '<span title="incident 3">故障 3</span>'
        assert said("object_said", "ticket 3") == '<span title="ticket 3">工单 3</span>'
        assert said("object_said", "rotation core") == '<span title="rotation core">轮值表 core</span>'
        assert said("object_said", "shop/home <b>") == "shop/home &lt;b&gt;"


@pytest.mark.django_db
def test_the_trail_is_read_by_people() -> None:
    record(Actor("shell:root", Role.ADMINISTRATOR), "account.sign-in", "person ann")
    who = person(Role.ADMINISTRATOR)
    text = who.get("/audit/", headers={"accept-language": "zh-hans"}).content.decode()
    assert "个人账号 · 登录" in text
    assert "人员 ann" in text
    assert '<span title="shell:root">root</span>' in text
    assert '<option value="incident">故障</option>' in text


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("alive", "language", "wanted"),
    [
        ((), "en", "checker, engine are silent"), (("checker-1",), "en", "engine is silent"),
        ((), "zh-hans", "检查进程、引擎无响应"), (("engine-1",), "zh-hans", "检查进程无响应"),
    ],
)  # fmt: skip
def test_the_alarm_names_who_is_silent(alive: tuple[str, ...], language: str, wanted: str) -> None:
    now = datetime.now(UTC)
    for name in alive:
        Pulse.objects.create(process=name, at=now, started_at=now - timedelta(hours=1))
    assert wanted in person(Role.VIEWER).get("/today/", headers={"accept-language": language}).content.decode()
