"""An inspection sheet in the mail: made, late, still not signed, ended; alone and in a digest; in every language."""

from datetime import UTC, datetime, timedelta
from email.message import EmailMessage

import pytest
from django.utils import dateformat

from mainstay.catalogue.models import Channel, Check, System
from mainstay.inspection import actions
from mainstay.inspection.models import Sheet, Watch
from mainstay.notices.actions import fold
from mainstay.notices.models import Delivery, Notice
from mainstay.settings import BASE_URL
from tests.line.inspected import ANN, made, measure
from tests.line.shop import Box, mail_server, send_all

pytestmark = pytest.mark.django_db
DAYS = {"en": "j M Y", "zh": "Y年n月j日", "zh-hant": "Y年n月j日"}
KINDS = {
    "inspection-made": {"en": "Inspection", "zh": "巡检", "zh-hant": "巡檢"},
    "inspection-late": {"en": "Inspection not signed", "zh": "巡检逾期未签", "zh-hant": "巡檢逾期未簽"},
    "inspection-still": {
        "en": "Inspection still not signed", "zh": "巡检仍未签署，已上报", "zh-hant": "巡檢仍未簽署，已上報",
    },
    "inspection-done": {"en": "Inspection ended", "zh": "巡检结束", "zh-hant": "巡檢結束"},
}  # fmt: skip
WAITS = {"en": "critical, waits for a signature", "zh": "严重，待签署", "zh-hant": "嚴重，待簽署"}
REFUSED = {"en": "critical, refused", "zh": "严重，已拒签", "zh-hant": "嚴重，已拒簽"}
LINES = {
    "en": (
        "[critical] Rule on the data: Debits equal credits – a rule on the data is broken: 1 row breaks the rule – "
        "value 1, limit –",
        "– response time: 1.5 s; the limit: above 1 s",
        "– not seen today",
    ),
    "zh": (
        "借贷平衡 – 数据不符合规则：1 row breaks the rule – 当前值 1，阈值 –",
        "响应时间：1.5 秒；阈值：高于 1 秒", "今日未检查到",
    ),
    "zh-hant": ("– 目前值 1，門檻值 –", "回應時間：1.5 秒；門檻值：高於 1 秒", "[未知]", "今日未檢查到"),
}  # fmt: skip


def lived(language: str) -> Sheet:
    """A sheet that was late, went higher and was refused in the end."""
    channel = Channel.objects.get(name="mail")
    channel.document["language"] = language
    channel.save()
    midnight = "0 0 * * *"  # so that it is due at whatever hour this runs
    late = {"late": "1h", "escalate": ["mail"], "escalate_after": "1h"}
    System.objects.update(document={"inspection": {"tell": ["mail"], "schedule": midnight, **late}})
    Watch.objects.create(system=System.objects.get(), since=datetime(2020, 1, 1, tzinfo=UTC))
    at = datetime.now(UTC)
    sheet = actions.run_by_schedule(*actions.due(at)[0], at)
    assert sheet is not None
    actions.remind(at + timedelta(hours=1))
    actions.escalate(at + timedelta(hours=2))
    actions.refuse(sheet.pk, "看不清", actor=ANN)
    return sheet


def mailed(monkeypatch: pytest.MonkeyPatch) -> list[EmailMessage]:
    box = Box()
    with mail_server(box) as port:
        channel = Channel.objects.get(name="mail")
        channel.settings["port"] = port
        channel.save()
        send_all(monkeypatch, datetime.now(UTC) + timedelta(hours=3))
    return box.mails


@pytest.mark.parametrize("language", DAYS)
def test_the_mail_says_which_sheet_and_what_is_wrong_on_it(
    bad_day: dict[str, Check], monkeypatch: pytest.MonkeyPatch, language: str
) -> None:
    measure(bad_day["books"], "rows", "1", (timedelta(seconds=5), 1.0))
    sheet = lived(language)
    mails = {str(one["Mainstay-Key"]): one for one in mailed(monkeypatch)}
    day, name = dateformat.format(sheet.day, DAYS[language]), {"en": "Online shop"}.get(language, "网上商城")
    for word, called in KINDS.items():
        mail = mails[Delivery.objects.get(notice__word=word).key]
        stands = (REFUSED if word == "inspection-done" else WAITS)[language]
        subject = str(mail["Subject"]).strip()
        assert subject.startswith(f"[{called[language]}] {name}"), word
        assert f"{day}{': ' if language == 'en' else '：'}{stands}" in subject, word
        for kind in ("plain", "html"):
            body = mail.get_body((kind,)).get_content().replace("&gt;", ">")  # type: ignore[union-attr]
            for line in (*LINES[language], f"/inspections/{sheet.pk}/"):
                assert line in body, (word, kind)
            assert ("看不清" in body) is (word == "inspection-done"), word


@pytest.mark.parametrize("language", DAYS)
def test_a_digest_says_so_of_each(bad_day: dict[str, Check], monkeypatch: pytest.MonkeyPatch, language: str) -> None:
    sheet, by_hand = lived(language), made()
    Notice.objects.exclude(word__startswith="inspection").delete()
    Delivery.objects.update(due_at=datetime.now(UTC))
    assert fold(Channel.objects.get(name="mail"), datetime.now(UTC) + timedelta(hours=3)) == 5
    (mail,) = mailed(monkeypatch)
    told = [line.strip() for line in mail.get_body(("plain",)).get_content().splitlines()]  # type: ignore[union-attr]
    name = {"en": "Online shop, "}.get(language, "网上商城 ") + dateformat.format(sheet.day, DAYS[language])
    colon = ": " if language == "en" else "："
    for called in list(KINDS.values())[:3]:
        assert f"[{called[language]}] {name}{colon}{WAITS[language]} {address(sheet)}" in told
    assert f"[{KINDS['inspection-done'][language]}] {name}{colon}{REFUSED[language]} {address(sheet)}" in told
    assert f"[{KINDS['inspection-made'][language]}] {name} #1{colon}{WAITS[language]} {address(by_hand)}" in told


def address(sheet: Sheet) -> str:
    return f"{BASE_URL}/inspections/{sheet.pk}/"
