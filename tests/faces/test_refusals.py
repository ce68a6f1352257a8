"""What cannot be done is said in the reader's language, and in English to programs."""

import html
import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from mainstay.catalogue.models import System
from mainstay.domain.actor import Actor, Role
from mainstay.domain.saying import said, say
from mainstay.incidents.models import Incident
from mainstay.inspection import actions
from mainstay.inspection.models import Line, Sheet
from mainstay.people.actions import add_person, create_token
from mainstay.people.models import Person
from tests.line.inspected import ANN, line, made, open_bad_day

ROOT = Actor("test", Role.ADMINISTRATOR)
PASSWORD = "correct-horse-battery"
SENTENCE = re.compile(r"[A-Za-z]+[ ,;:]+[a-z]+[ ,;:]+[a-z]+")
"""Three Latin words in a row: names and codes stand alone."""


@pytest.fixture
def sheet(db: Any) -> Sheet:
    open_bad_day()
    return made()


def person(role: Role) -> Client:
    name = role.name.lower()
    add_person(username=name, password=PASSWORD, role=role, actor=ROOT)
    Person.objects.filter(username=name).update(language="zh-hans")
    who = Client(headers={"accept-language": "zh-CN"})
    assert who.post("/sign-in/", {"username": name, "password": PASSWORD}).status_code == 302
    return who


def errors(page: str) -> list[str]:
    """The texts of what went wrong on a page."""
    found = re.findall(r'<(\w+)[^>]*class="[^"]*(?:said-error|errorlist)[^"]*"[^>]*>(.*?)</\1>', page, re.S)
    return [html.unescape(re.sub("<[^>]+>", " ", text)).strip() for _, text in found]


def test_a_saying_is_english_until_somebody_says_it() -> None:
    role = say("operator")
    known = {"needs %(role)s on %(system)s": "在 %(system)s 上需要%(role)s", "operator": "运维员"}
    made_here = say("needs %(role)s on %(system)s", role=role, system="shop")
    assert made_here == "needs operator on shop" == str(ValueError(made_here))
    for thing in (made_here, ValueError(made_here)):
        assert said(thing, lambda text: known[text]) == "在 shop 上需要运维员"
    assert said(ValueError("as it stands"), str.upper) == "as it stands"


Refusal = Callable[[Sheet, Incident, Line], tuple[str, dict[str, Any]]]

REFUSED: dict[str, Refusal] = {
    "sign": lambda sheet, _i, _l: (f"/inspections/{sheet.pk}/sign", {}),
    "refuse": lambda sheet, _i, _l: (f"/inspections/{sheet.pk}/refuse", {}),
    "remark": lambda sheet, _i, one: (f"/inspections/{sheet.pk}/{one.place}/remark", {}),
    "raise": lambda sheet, _i, one: (f"/inspections/{sheet.pk}/{one.place}/raise", {}),
    "no week": lambda _s, _i, _l: ("/inspections/countersign", {"system": "shop", "year": 2026, "week": 54}),
    "nothing to countersign": lambda _s, _i, _l: (
        "/inspections/countersign", {"system": "shop", "year": 2020, "week": 2},
    ),
    "note": lambda _s, incident, _l: (f"/incidents/{incident.pk}/note", {}),
    "reopen": lambda _s, incident, _l: (f"/incidents/{incident.pk}/reopen", {"text": "again"}),
    "regrade": lambda _s, incident, _l: (f"/incidents/{incident.pk}/regrade", {"level": incident.level, "text": "x"}),
    "mute": lambda _s, _i, _l: ("/systems/shop/checks/books/mute", {"hours": 1}),
    "secret": lambda _s, _i, _l: ("/settings/secrets/set", {"name": "a b", "value": "x"}),
    "token": lambda _s, _i, _l: ("/tokens/create", {"name": "x", "role": "viewer", "days": "900"}),
    "person": lambda _s, _i, _l: ("/people/invite", {"username": "administrator", "role": "viewer"}),
    "last administrator": lambda _s, _i, _l: ("/people/of/administrator/change", {"role": "viewer"}),
    "channel": lambda _s, _i, _l: ("/settings/channels/of/mail/retire", {}),
    "recovery codes": lambda _s, _i, _l: ("/account/recovery-codes", {}),
}  # fmt: skip


def test_pages_refuse_in_the_language_of_the_reader(sheet: Sheet) -> None:
    System.objects.update(document={"notify": ["mail"]})
    who, incident, well = person(Role.ADMINISTRATOR), Incident.objects.get(), line(sheet, "processor")
    for name, refusal in REFUSED.items():
        address, data = refusal(sheet, incident, well)
        told = errors(who.post(address, data, follow=True).content.decode())
        assert told, name
        for text in told:
            assert re.search("[一-鿿]", text), f"{name}: {text}"
            assert not SENTENCE.search(text), f"{name}: {text}"


def test_who_may_not_is_told_why_in_his_language(sheet: Sheet) -> None:
    answer = person(Role.VIEWER).post(f"/inspections/{sheet.pk}/sign", {})
    text = answer.content.decode().partition("<main")[2]
    assert answer.status_code == 403
    assert "运维员" in text
    assert not SENTENCE.search(re.sub("<[^>]+>", " ", text))


def test_a_sheet_and_a_trail_that_were_changed_are_told_of(sheet: Sheet) -> None:
    Line.objects.filter(sheet=sheet, check_of__name="processor").update(value=1.0)
    who = person(Role.ADMINISTRATOR)
    page = who.get(f"/inspections/{sheet.pk}/").content.decode()
    assert "was changed" not in page
    assert "巡检单生成后" in page


def test_programs_are_refused_in_english(sheet: Sheet) -> None:
    token = create_token(name="t", role=Role.OPERATOR, actor=ROOT)[1]
    api = Client(headers={"authorization": f"Bearer {token}", "accept-language": "zh-CN"})
    answer = api.post(f"/api/v1/inspections/{sheet.pk}/sign", json.dumps({}), content_type="application/json")
    assert "raise an incident or write a remark first" in answer.json()["detail"]
    actions.remark(sheet.pk, line(sheet, "books").place, "known", actor=ANN)
