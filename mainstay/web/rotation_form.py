"""The form of a rotation: its fields and those of each layer, what they hold of one as it is written, and back."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _

from mainstay.domain.draft import languages
from mainstay.domain.on_call import Layer, Rotation
from mainstay.monitoring.wording import DJANGO_LANGUAGE
from mainstay.web.policy_form import Field, Group, titles, word

MOST = 12
"""Layers of one rotation."""
TURNS = ("1d", "2d", "1w", "2w", "4w")
_DEFAULT: dict[str, str] = Layer(people=["none"]).model_dump(mode="json", exclude={"people"})
_OWN = ("timezone", "calendar", "team")


def general(calendars: Sequence[str], teams: Sequence[str]) -> list[Field]:
    """What holds for all layers; the name stands apart."""
    none = ("", _("none"))
    return [
        Field("timezone", _("Time zone"), "zone", hint=_("Whose clocks hand-overs keep, such as Asia/Shanghai."),
              otherwise="UTC"),
        Field("calendar", _("Calendar of holidays"), "choice", choices=[none, *((one, one) for one in calendars)]),
        Field("team", _("Team"), "choice", choices=[none, *((one, one) for one in teams)],
              hint=_("Whose calendar of shifts it is part of.")),
        *titles(),
    ]  # fmt: skip


def layers(asked: Mapping[str, Any]) -> list[Group]:
    """One group a layer."""
    return [
        Group(_("Layer %(n)d") % {"n": number + 1}, _layer(number, asked), tight=True)
        for number in range(count(asked))
    ]  # fmt: skip


def _layer(number: int, asked: Mapping[str, Any]) -> list[Field]:
    turn = asked[_key(number, "turn")]
    spans = {
        "1d": _("a day"), "2d": _("two days"), "1w": _("a week"), "2w": _("two weeks"), "4w": _("four weeks"),
    }  # fmt: skip
    turns = [(one, spans[one]) for one in TURNS]
    holidays = [
        ("as-usual", _("as on other days")), ("off", _("not on holidays")), ("only", _("on holidays only")),
    ]  # fmt: skip
    return [
        Field(_key(number, "people"), _("Who takes turns"), "lines",
              hint=_("As they sign in, one a line; the first begins. Nobody: the layer is left out.")),
        Field(_key(number, "turn"), _("A turn lasts"), "choice",
              choices=turns if turn in TURNS else [(turn, turn), *turns]),
        Field(_key(number, "start"), _("First hand-over"), "day", hint=_("Nobody is on call before.")),
        Field(_key(number, "handover"), _("Handed over at"), "clock"),
        Field(_key(number, "during"), _("Only in these hours"), hint=_("Empty: always."),
              otherwise="Mon-Fri 09:00-18:00"),
        Field(_key(number, "holidays"), _("On holidays"), "choice", choices=holidays),
        Field(_key(number, "timezone"), _("Time zone"), "zone",
              hint=_("Empty: the rotation's. One each follows the sun.")),
    ]  # fmt: skip


def values(own: Mapping[str, Any]) -> dict[str, Any]:
    """What the fields hold of a rotation as it is written; of nothing, the defaults and one empty layer."""
    words, written = languages(own.get("title") or ""), own.get("layers") or [{}]
    found: dict[str, Any] = {key: own.get(key) or "" for key in _OWN}
    found["timezone"] = found["timezone"] or Rotation.model_fields["timezone"].default
    found |= {word(language): words.get(language, "") for language in DJANGO_LANGUAGE}
    found["layers"] = len(written)
    for number, layer in enumerate(written):
        found |= _filled(number, layer)
    return found


def _filled(number: int, layer: Mapping[str, Any]) -> dict[str, Any]:
    found = {_key(number, key): layer.get(key, default) for key, default in _DEFAULT.items()}
    return {**found, _key(number, "people"): "\n".join(layer.get("people") or [])}


def typed(form: QueryDict) -> dict[str, Any]:
    """What was filled in, as the fields hold it."""
    many = form.get("layers", "")
    found: dict[str, Any] = {"layers": max(1, min(MOST, int(many[:3]))) if many.isdecimal() else 1}
    names = [*_OWN, *(word(language) for language in DJANGO_LANGUAGE)]
    names += [_key(number, key) for number in range(count(found)) for key in ("people", *_DEFAULT)]
    return found | {name: form.get(name, "").replace("\r\n", "\n").strip()[:10_000] for name in names}


def one_more(asked: dict[str, Any]) -> dict[str, Any]:
    """With an empty layer at the end."""
    number = count(asked)
    return asked if number >= MOST else {**asked, **_filled(number, {}), "layers": number + 1}


def moved_up(asked: dict[str, Any], number: int) -> dict[str, Any]:
    """With one layer and the one before it changed about: of those that hold the first decides."""
    if not 0 < number < count(asked):
        return asked
    pairs = [(_key(number, key), _key(number - 1, key)) for key in ("people", *_DEFAULT)]
    return asked | {one: asked[other] for pair in pairs for one, other in (pair, pair[::-1])}


def wanted(asked: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """The fields as YAML has them, without what says the default. ``own`` is what is written: words that mean the same
    stay as they are."""
    found: dict[str, Any] = {}
    words = {language: text for language in DJANGO_LANGUAGE if (text := asked[word(language)])}
    if words:
        before = own.get("title") or ""
        found["title"] = before if languages(before) == words else words
    if asked["timezone"] != Rotation.model_fields["timezone"].default:
        found["timezone"] = asked["timezone"]
    found |= {key: text for key in ("calendar", "team") if (text := asked[key])}
    found["layers"] = [_wanted_layer(number, asked) for number in _kept(asked)]
    return found


def _wanted_layer(number: int, asked: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {"people": _people(number, asked)}
    texts = {key: asked[_key(number, key)] for key in _DEFAULT}
    return found | {key: text for key, text in texts.items() if text not in ("", _DEFAULT[key])}


def field_of(way: str, asked: Mapping[str, Any]) -> str:
    """The field beside which stands what is wrong at a key, such as ``layers.0.turn``."""
    first, *rest = way.split(".")
    if first == "layers":
        place = int(rest[0]) if rest and rest[0].isdecimal() else 0
        numbers = _kept(asked) or [0]
        return _key(numbers[min(place, len(numbers) - 1)], rest[1] if len(rest) > 1 else "people")
    return {"": "name", "title": "title_en"}.get(first, first)


def count(asked: Mapping[str, Any]) -> int:
    """How many layers the form has."""
    return int(asked["layers"])


def _kept(asked: Mapping[str, Any]) -> list[int]:
    return [number for number in range(count(asked)) if _people(number, asked)]


def _people(number: int, asked: Mapping[str, Any]) -> list[str]:
    text = str(asked[_key(number, "people")])
    return text.replace(",", " ").replace("，", " ").replace("、", " ").split()


def _key(number: int, key: str) -> str:
    return f"layer_{number}_{key}"
