"""What comes with Mainstay, read in Traditional Chinese: on pages, on the inspection sheet, in notices."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml
from django.test import Client

from mainstay.catalogue import actions as catalogue
from mainstay.catalogue.examine import examine
from mainstay.catalogue.models import Check
from mainstay.domain.actor import ENGINE, Actor, Role
from mainstay.engine.wording import compose
from mainstay.incidents.actions import follow
from mainstay.incidents.models import Incident
from mainstay.inspection import paper
from mainstay.inspection.actions import run_by_hand
from mainstay.monitoring.models import Standing, StateChange
from mainstay.monitoring.wording import in_language
from mainstay.notices.models import Delivery
from setup.messages import chinese, of_packs
from setup.traditional import traditional
from tests.faces.test_web import person

PACKS = Path(__file__).resolve().parents[2] / "mainstay" / "packs"
EVERYTHING = """
system: shop
components:
  host: {kind: host, address: local, packs: [linux-host]}
  db: {kind: postgresql, dsn: "postgresql://x@127.0.0.1:1/x", packs: [postgresql, generic-orders: {orders: sales}]}
  maria: {kind: mariadb, dsn: "mysql://x@127.0.0.1:1/x", packs: [mariadb]}
  erp: {kind: http, url: "https://127.0.0.1:1/", depends_on: [db], packs: [web-service, tryton]}
inspection: {tell: [mail]}
"""
MAIL = "channels: {mail: {kind: smtp, host: 127.0.0.1, port: 1, sender: a@b.example, to: [c@d.example]}}"


TURNED = tuple(of_packs())
"""Those whose form in Traditional is another."""


def simplified_in(shown: str) -> list[str]:
    return [text for text in TURNED if text in shown]


def test_every_text_of_a_pack_has_its_form() -> None:
    files = sorted(PACKS.rglob("*.yaml"))
    found = {text for file in files for text in chinese(yaml.safe_load(file.read_text(encoding="utf-8")))}
    assert len(found) > 200
    wrong = {text for text in found if in_language({"en": "x", "zh": text}, "zh-hant") != traditional(text)}
    assert wrong == set()
    assert [text for text in found if "$(" in text] == [], "filled in it would not be known any more"


def test_a_catalogues_own_words_win_and_what_is_not_known_stays() -> None:
    assert in_language({"en": "Disk", "zh": "硬件", "zh-hant": "硬碟"}, "zh-hant") == "硬碟"
    assert in_language({"en": "Disk", "zh": "硬件", "zh-hant": "硬碟"}, "zh") == "硬件"
    assert in_language({"en": "Hardware", "zh": "硬件"}, "zh-hant") == "硬體"
    assert in_language({"zh": "我们的话"}, "zh-hant") == "我们的话", "a user's, which nobody turned"
    assert in_language({"en": "Only"}, "zh-hant") == "Only"
    assert in_language({"zh-hant": "只有"}, "en") == "只有"


@pytest.fixture
def everything(db: None) -> list[Check]:
    """All checks of all packs fail."""
    catalogue.apply(examine({"shop.yaml": EVERYTHING.encode(), "mail.yaml": MAIL.encode()}).catalogue, actor=ENGINE)
    now = datetime.now(UTC)
    checks = list(Check.objects.select_related("system"))
    assert len(checks) > 80
    for check in checks:
        Standing.objects.update_or_create(
            check_of=check, defaults={"state": "critical", "since": now, "looked_at": now, "updated_at": now}
        )
    changes = [
        StateChange(check_of=one, at=now, before="ok", after="critical", message={"fault": "missing"}) for one in checks
    ]
    follow(StateChange.objects.bulk_create(changes), now)
    return checks


def test_no_page_shows_the_packs_in_simplified(everything: list[Check]) -> None:
    who = person(Role.ADMINISTRATOR)
    sheet = run_by_hand("shop", actor=Actor("person:ann", Role.ADMINISTRATOR))
    pages = ["/today/", "/systems/shop/", "/incidents/", "/data/", "/data/?view=rules", f"/inspections/{sheet.pk}/"]
    pages += [f"/systems/shop/checks/{one.name}/" for one in everything[::8]]
    pages += [f"/incidents/{one.pk}/" for one in Incident.objects.all()]
    assert [(page, wrong) for page in pages if (wrong := simplified_in(seen(who, page)))] == []
    assert "硬體" in seen(who, f"/inspections/{sheet.pk}/")


def seen(who: Client, page: str) -> str:
    answer = who.get(page, headers={"accept-language": "zh-TW"})
    assert answer.status_code == 200, page
    return answer.content.decode()


def test_neither_the_sheet_nor_a_notice_does(everything: list[Check]) -> None:
    sheet = run_by_hand("shop", actor=ENGINE)
    shown = paper.html([sheet], "zh-hant")
    assert simplified_in(shown) == []
    for word in ("硬體", "處理器", "未備份：本系統沒有備份策略。"):
        assert word in shown
    deliveries = Delivery.objects.select_related("notice")
    assert deliveries.count() > 1
    for delivery in deliveries:
        told = compose(delivery, "zh-hant")
        assert simplified_in(told.subject + told.text + told.html) == [], delivery.notice.word
