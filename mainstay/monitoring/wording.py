"""A state's reason in words. What is stored are codes and numbers; words are made when somebody reads them."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from django.utils import dateformat
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import override, pgettext

from mainstay.catalogue.kinds import metrics, primary, probe_kinds, title
from mainstay.domain.duration import format_duration, parse_duration
from mainstay.domain.reading import Fault
from mainstay.domain.saying import restored, said
from mainstay.domain.threshold import Condition, parse_condition
from mainstay.monitoring.spoken import once_a_language

DJANGO_LANGUAGE = {"en": "en", "zh": "zh-hans", "zh-hant": "zh-hant"}
"""Django's names of the languages that a document, a notice or a request may ask for."""


TRADITIONAL = Path(__file__).resolve().parents[1] / "packs" / "zh-hant.json"
"""The Chinese texts of what comes with Mainstay, each with its form in Traditional; ``make messages`` writes it."""


def language_of(django: str | None) -> str:
    """The language of a document for a reader of a language by Django's name."""
    return {"zh-hans": "zh"}.get(django or "en", django or "en")


def in_language(words: Mapping[str, str] | str | None, language: str) -> str:
    """A title or text of the catalogue; in English, or in what there is, where that language is missing.

    Simplified Chinese serves who reads Traditional, but for the texts of the packs, whose form in it is known.
    """
    if isinstance(words, str):
        return words
    found = words or {}
    plain = str(found.get(language.partition("-")[0]) or found.get("en") or next(iter(found.values()), ""))
    return str(found.get("zh-hant") or _traditional().get(plain, plain)) if language == "zh-hant" else plain


def for_users(words: Mapping[str, str], system: Mapping[str, str] | str, language: str) -> str:
    """What those who use a system are told, with its name filled in; empty where nothing is said."""
    return in_language(words, language).replace("{system}", in_language(system, language))


@cache
def _traditional() -> Mapping[str, str]:
    """Read once."""
    return dict(json.loads(TRADITIONAL.read_text(encoding="utf-8")))


def evidence_value(value: Any, language: str) -> Any:
    """A value of evidence as it was read; in words where a probe gave them by language."""
    by_language = isinstance(value, dict) and value and value.keys() <= DJANGO_LANGUAGE.keys()
    return in_language(value, language) if by_language else value


@once_a_language
def state_word(state: str) -> str:
    """A state in the active language; ``none`` is a line of an inspection that nothing watches."""
    return {
        "ok": pgettext("state", "ok"), "warning": pgettext("state", "warning"),
        "critical": pgettext("state", "critical"), "unknown": pgettext("state", "unknown"), "none": _("not watched"),
    }.get(state, state)  # fmt: skip


def in_codes(message: Mapping[str, Any]) -> dict[str, Any]:
    """A state's reason for programs: its detail is one text, in English."""
    return {**message, "detail": str(restored(message["detail"]))} if "detail" in message else dict(message)


def fault_words(fault: str) -> str:
    """The name of a fault in the active language."""
    words = {
        Fault.REFUSED: _("connection refused"),
        Fault.TIMEOUT: _("no answer in time"),
        Fault.UNRESOLVED: _("the name has no address"),
        Fault.UNREACHABLE: _("not reachable"),
        Fault.DENIED: _("the address is not allowed"),
        Fault.TLS: _("certificate or encryption problem"),
        Fault.AUTH: _("the account was refused"),
        Fault.STATUS: _("unexpected status"),
        Fault.CONTENT: _("unexpected content"),
        Fault.TOO_LARGE: _("the answer is too large"),
        Fault.PROTOCOL: _("the answer is not in the expected form"),
        Fault.QUERY: _("the database refused the query"),
        Fault.EXHAUSTED: _("no connection is free"),
        Fault.FINDING: _("a rule on the data is broken"),
        Fault.MISSING: _("something that should be there is missing"),
        Fault.FAILED: _("it was tried and failed"),
        Fault.DAMAGED: _("what is stored is damaged"),
        Fault.SETUP: _("the check cannot run as it is set up"),
        Fault.ALERTS: _("told by another program"),
    }
    return words.get(Fault(fault), fault) if fault in set(Fault) else fault


def explain(message: Mapping[str, Any], language: str | None = None) -> str:
    """Why a check is not ok, in one line; empty when it is. ``language`` None: the active one."""
    if language is None:
        return _explain(message)
    with override(language):
        return _explain(message)


def _explain(message: Mapping[str, Any]) -> str:
    if fault := message.get("fault"):
        detail = said(restored(message.get("detail")), _)
        what = {"fault": fault_words(fault), "detail": detail}
        return _("%(fault)s: %(detail)s") % what if detail else fault_words(fault)
    if condition := message.get("condition"):
        kind, unit = str(message.get("kind") or ""), message.get("unit") or "1"
        metric = metric_title(kind, message.get("metric") or "") or _("the value")
        value, limit = format_value(message.get("value"), unit), say_limit(condition, unit)
        return _("%(metric)s: %(value)s; the limit: %(limit)s") % {"metric": metric, "value": value, "limit": limit}
    return ""


def listed(parts: Iterable[object]) -> str:
    """Some names one after the other."""
    return pgettext("between parts of a list", ", ").join(map(str, parts))


def zone_mark(at: datetime) -> str:
    """How far the clock that ``at`` is on is from UTC: ``UTC+8``. Names such as CST mean several zones."""
    minutes = round((at.utcoffset() or timedelta()).total_seconds() / 60)
    hours, rest = divmod(abs(minutes), 60)
    far = f"{hours}:{rest:02}" if rest else str(hours)
    return f"UTC{'-' if minutes < 0 else '+'}{far}" if minutes else "UTC"


def metric_title(kind: str, metric: str) -> str:
    """What people call a metric of a probe kind, in the active language."""
    return said(title(kind, metric), _)


def say_limit(condition: str, unit: str) -> str:
    """A condition as it is written in the catalogue, in words, without its metric."""
    try:
        return say_condition(parse_condition(condition), "", unit, named=False)
    except ValueError:  # of a time when conditions were written otherwise
        return condition


def say_condition(condition: Condition, primary: str, unit: str, *, kind: str = "", named: bool = True) -> str:
    """A condition as a sentence, or only the limit where its metric is named beside it; ``unit`` is the metric's."""
    number = format_value(condition.when.number, unit)
    if named:
        metric = metric_title(kind, condition.metric or primary) or _("the value")
        said = _compared(condition.when.op) % {"metric": metric, "number": number}
    else:
        said = _limit(condition.when.op) % {"number": number}
    if condition.hold:
        said += _(" for %(long)s") % {"long": _in_units(format_duration(condition.hold))}
    if condition.clear is not None:
        back = {"number": format_value(condition.clear.number, unit)}
        said += (
            _("; well again below %(number)s") % back
            if condition.clear.op[0] == "<"
            else (_("; well again above %(number)s") % back)
        )
    return said


def say_limits(warn: Sequence[str], crit: Sequence[str], kind: str = "", unit: str = "1") -> str:
    """What the conditions of a check are in words, the critical ones first; a dash where it has none. ``unit`` is that
    of a metric that the target named."""
    units = metrics(kind) if kind in probe_kinds() else {}
    found = []
    for text in [*crit, *(text for text in warn if text not in crit)]:
        one = parse_condition(text)
        metric = one.metric or primary(kind)
        found.append(say_condition(one, primary(kind), units.get(metric) or unit, kind=kind, named=bool(one.metric)))
    return pgettext("between parts of a sentence", "; ").join(found) or "–"


def _limit(op: str) -> str:
    return {
        ">": _("above %(number)s"), ">=": _("at least %(number)s"), "<": _("below %(number)s"),
        "<=": _("at most %(number)s"), "==": _("equal to %(number)s"), "!=": _("other than %(number)s"),
    }[op]  # fmt: skip


def _compared(op: str) -> str:
    return {
        ">": _("%(metric)s above %(number)s"), ">=": _("%(metric)s at least %(number)s"),
        "<": _("%(metric)s below %(number)s"), "<=": _("%(metric)s at most %(number)s"),
        "==": _("%(metric)s equal to %(number)s"), "!=": _("%(metric)s other than %(number)s"),
    }[op]  # fmt: skip


def format_value(value: Any, unit: str) -> str:
    """A number with its unit as people read it: ``1.5 GiB``, ``230 ms``, ``82 %``."""
    if not isinstance(value, int | float):
        return "–" if value is None else str(value)
    if unit == "s":
        return format_seconds(float(value))
    if unit in ("B", "B/s"):
        return _scaled(float(value), 1024.0, ("B", "KiB", "MiB", "GiB", "TiB", "PiB")) + unit[1:]
    whole = abs(value) >= 100 or float(value).is_integer()
    number = format_number(value, 0) if whole else _three(float(value))
    return number if unit == "1" else f"{number} {unit}"


def format_number(value: float, decimals: int) -> str:
    """With the reader's decimal sign, thousands apart."""
    return str(number_format(f"{value:.{decimals}f}", decimals, use_l10n=True, force_grouping=True))


def format_seconds(value: float) -> str:
    """Below a minute as a decimal, above it as days, hours and minutes."""
    if 0 < abs(value) < 1:
        return f"{_three(value * 1000)} ms"
    if abs(value) < 60:
        return f"{_three(value)} {pgettext('unit', 's')}"
    step = 3600 if value >= 86400 else 60 if value >= 3600 else 1
    return _in_units(format_duration(max(0.0, round(value / step) * step)))


def format_span(text: str) -> str:
    """A duration as somebody wrote it, such as 90m, as people read it."""
    return format_seconds(parse_duration(text)) if text else "–"


def format_instant(at: datetime) -> str:
    """To the second, on the clock that ``at`` is on."""
    return str(dateformat.format(at, pgettext("format of a date", "j M Y, H:i:s")))


def format_day(day: date) -> str:
    """A day as people write it."""
    return str(dateformat.format(day, pgettext("format of a date", "j M Y")))


def _in_units(duration: str) -> str:
    """``1h30m`` with the reader's units."""
    units = {
        "w": pgettext("unit", "w"), "d": pgettext("unit", "d"), "h": pgettext("unit", "h"),
        "m": pgettext("unit", "m"), "s": pgettext("unit", "s"), "ms": "ms",
    }  # fmt: skip
    return re.sub("[a-z]+", lambda found: units[found[0]], duration)


def _three(value: float) -> str:
    """Three figures, no more; never as a power of ten."""
    plain = f"{value:.3g}"
    return plain if "e" in plain else str(number_format(plain, use_l10n=True))


def _scaled(value: float, base: float, names: tuple[str, ...]) -> str:
    place = 0
    while abs(value) >= base and place < len(names) - 1:
        value /= base
        place += 1
    number = format_number(value, 0) if place == 0 or abs(value) >= 100 else _three(value)
    return f"{number} {names[place]}"
