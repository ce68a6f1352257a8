"""Rotations made, changed and retired on three faces; who would be on call is seen before it is saved."""

import html
import json
import re
from typing import Any

import pytest
from django.test import Client

from mainstay.catalogue import export, queries
from mainstay.catalogue.editing_rotations import rotation_writing
from mainstay.catalogue.models import Arrangement, System
from mainstay.cli.main import load
from mainstay.domain.actor import Role
from mainstay.web import rotation_form
from tests.faces.test_backups import by_api
from tests.faces.test_web import person
from tests.faces.test_web_edit import fields
from tests.line.on_call import ROTATION, arrange, escalate, people

pytestmark = pytest.mark.django_db
API, NEW, EDIT = "/api/v1/on-call/rotations/week", "/on-call/rotations/new/", "/on-call/rotations/of/week/edit/"
LAYERS = [{"people": ["alice", "bob"]}]


def send(method: str, path: str, body: Any = None, role: Role = Role.ADMINISTRATOR) -> Any:
    return by_api(role).generic(method, path, data=json.dumps(body or {}), content_type="application/json")


def tell(capsys: pytest.CaptureFixture[str], *words: str) -> Any:
    load("on-call").main(["rotation", *words, "--json"], standalone_mode=False)
    return json.loads(capsys.readouterr().out)


def own() -> dict[str, Any]:
    return rotation_writing("week").own


# By API and on the command line


def test_a_rotation_is_tried_put_and_retired_by_api() -> None:
    people("alice")
    tried = send("POST", f"{API}/preview", {"layers": LAYERS}).json()
    assert (tried["gaps"], tried["strangers"], len(tried["shifts"])) == (0, ["bob"], 5)
    assert send("PUT", f"{API}?dry_run=true", {"layers": LAYERS}).json()["differences"][0]["act"] == "created"
    assert not own()
    assert send("PUT", API, {"layers": LAYERS}, role=Role.OPERATOR).status_code == 403
    assert send("PUT", API, {"layers": [{"people": ["alice"], "holidays": "off"}]}).status_code == 422
    send("PUT", API, {"layers": LAYERS, "timezone": "Asia/Shanghai"})
    assert own() == by_api().get(API).json()["definition"] == {"timezone": "Asia/Shanghai", "layers": LAYERS}
    assert send("PUT", API, own()).json()["differences"] == [], "what is read can be put and changes nothing"
    send("DELETE", API)
    assert not queries.arrangements("rotation")
    assert send("DELETE", API).status_code == by_api().get(API).status_code == 404


def test_a_rotation_that_is_called_stays(capsys: pytest.CaptureFixture[str]) -> None:
    System.objects.create(name="shop", document={"response_team": {"scribe": "rotation:week"}})
    escalate()
    assert queries.users("rotation") == {"week": ["shop", "escalation:it"]}
    refused = send("DELETE", API)
    assert refused.status_code == 409
    assert "shop, escalation:it calls the rotation week" in refused.json()["detail"]
    assert own()


def test_a_rotation_is_tried_put_and_retired_on_the_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    layers = "layers=[{people: [alice, bob], during: 'Mon-Fri 09:00-18:00'}]"
    assert tell(capsys, "preview", "week", "--set", layers)["gaps"] >= 20
    assert tell(capsys, "set", "week", "--set", layers, "--dry-run")["yaml"]
    assert not own()
    tell(capsys, "set", "week", "--set", layers)
    tell(capsys, "set", "week", "--set", "title.en=By weeks")
    expected = {"title": {"en": "By weeks"}, "layers": [{**LAYERS[0], "during": "Mon-Fri 09:00-18:00"}]}
    assert tell(capsys, "show", "week")["definition"] == expected
    tell(capsys, "retire", "week")
    assert not queries.arrangements("rotation")


# On the pages


def shown(answer: Any) -> str:
    text: str = answer.content.decode()
    return html.unescape(text)


def sign(answer: Any) -> str:
    return re.findall(r'name="shown" value="(\w+)"', shown(answer))[0]


def saved(who: Client, address: str, filled: dict[str, str]) -> Any:
    """Previewed, then saved as it was shown."""
    return who.post(address, {**filled, "do": "save", "shown": sign(who.post(address, filled))})


def test_a_rotation_is_made_on_a_page_and_changed_by_another_hand_meanwhile() -> None:
    who = person(Role.ADMINISTRATOR)
    people("alice", "bob")
    page = who.get(NEW)
    assert "Here appears who would be on call" in shown(page)
    filled = fields(shown(page)) | {
        "name": "week", "timezone": "Asia/Shanghai", "title_zh": "IT 周值班", "layer_0_people": "alice\nbob",
        "layer_0_turn": "1w", "layer_0_during": "Mon-Fri 09:00-18:00",
    }  # fmt: skip
    tried = shown(who.post(NEW, filled, headers={"HX-Request": "true"}))
    assert "Nobody is on call" in tried
    assert tried.count("<li>") == 28, "four weeks"
    assert not own()
    more = who.post(NEW, {**filled, "do": "layer"})
    filled = fields(shown(more)) | {"layer_1_people": "bob", "layer_1_handover": "10:00"}
    assert "Somebody is on call at every moment" in shown(who.post(NEW, filled))
    assert saved(who, NEW, filled).status_code == 302
    assert own() == {
        "title": {"zh": "IT 周值班"}, "timezone": "Asia/Shanghai",
        "layers": [{**LAYERS[0], "during": "Mon-Fri 09:00-18:00"}, {"people": ["bob"], "handover": "10:00"}],
    }  # fmt: skip
    assert "rotations:" in export.files()["shared.yaml"]
    assert "of that name is there already" in shown(who.post(NEW, filled))

    stale = fields(shown(who.get(EDIT)))
    turned = fields(shown(who.post(EDIT, {**stale, "do": "up-1"})))
    assert turned["layer_0_people"] == "bob"
    assert saved(who, EDIT, turned).status_code == 302
    assert own()["layers"][0]["people"] == ["bob"]
    assert "changed by somebody else meanwhile" in shown(who.post(EDIT, {**stale, "do": "save"}))


def test_what_is_wrong_stands_beside_its_field_and_what_is_as_before_changes_nothing() -> None:
    who = person(Role.ADMINISTRATOR)
    arrange("team", "it", members=["alice"])
    arrange("rotation", "week", **ROTATION)
    filled = fields(shown(who.get(EDIT)))
    assert "Nothing would be changed." in shown(who.post(EDIT, filled))
    wrong = shown(who.post(EDIT, {**filled, "layer_0_during": "sometimes", "timezone": "Mars/Phobos"}))
    for name in ("layer_0_during", "timezone"):
        assert re.search(rf'id="wrong-{name}"[^>]*><', wrong), name
    assert re.search(r'id="wrong-layer_0_people"[^>]*><', shown(who.post(EDIT, {**filled, "layer_0_people": ""})))
    who.post(EDIT.replace("edit/", "retire"))
    assert Arrangement.objects.get(name="week").retired_at is not None


def test_who_may_not_change_the_catalogue_sees_no_way_to_it() -> None:
    arrange("rotation", "week", layers=LAYERS)
    who = person(Role.OPERATOR)
    assert "rotations/" not in shown(who.get("/on-call/"))
    assert who.get(EDIT).status_code == who.get(NEW).status_code == 403


@pytest.mark.parametrize(
    ("way", "field"),
    [("", "name"), ("title", "title_en"), ("timezone", "timezone"), ("layers", "layer_1_people"),
     ("layers.0.turn", "layer_1_turn"), ("layers.1.people.0", "layer_2_people"), ("layers.7", "layer_2_people")],
)  # fmt: skip
def test_a_flaw_finds_its_field_though_a_layer_is_left_out(way: str, field: str) -> None:
    asked = rotation_form.values({"layers": [{}, {"people": ["a"]}, {"people": ["b"]}]})
    assert rotation_form.field_of(way, asked) == field
