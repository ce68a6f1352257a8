"""A plan as a form: its texts in one language at a time, its lists as rows that are filled in, moved and removed."""

from collections.abc import Mapping
from typing import Any

from django.http import QueryDict

from mainstay.domain.draft import languages

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "roles": ("title", "who", "deputy"),
    "contacts": ("title", "name", "phone", "mail"),
    "steps": ("phase", "title", "who", "within", "runbook"),
    "supplies": ("title", "amount", "place", "expires"),
    "templates": ("audience", "text"),
}
WORDED = {"title", "audience", "text"}
"""Columns whose words are kept by language."""
PLAIN = ("rto", "rpo", "drills", "review", "category")
EMPTY: Mapping[str, Any] = {
    "title": {}, "risk": {}, "level": 1, "category": "system", "detection": {}, "checks": [], "rto": "", "rpo": "",
    "drills": "quarterly", "review": "yearly", "runbooks": [],
    "injection": {"text": {}, "runbook": "", "on": "", "given": {}, "undo": {}}, **dict.fromkeys(COLUMNS, ()),
}  # fmt: skip
_SPARE = 3
"""Empty rows at the end of each list; keeping the plan gives as many more."""
_MOST = 250


def shown(document: Mapping[str, Any], language: str) -> dict[str, Any]:
    """What the form shows."""
    said = {**EMPTY, **document}
    injection = said["injection"]
    return {
        **{key: said[key] for key in (*PLAIN, "level")},
        **{key: languages(said[key]).get(language, "") for key in ("title", "risk", "detection")},
        "checks": ", ".join(said["checks"]), "runbooks": ", ".join(said["runbooks"]),
        "injection_text": languages(injection["text"]).get(language, ""),
        "injection_undo": languages(injection["undo"]).get(language, ""),
        "injection_runbook": injection["runbook"], "injection_on": injection["on"],
        "injection_given": "\n".join(f"{key}={value}" for key, value in injection["given"].items()),
        "lists": {name: _rows(name, said[name], language) for name in COLUMNS},
    }  # fmt: skip


def _rows(name: str, rows: Any, language: str) -> list[dict[str, Any]]:
    known = [
        {
            "of": number, "no": number + 1, "other": _other(row, language),
            "cells": {key: _cell(row[key], language) for key in COLUMNS[name]},
        }
        for number, row in enumerate(rows)
    ]  # fmt: skip
    spare = [
        {"of": "", "no": len(known) + more + 1, "other": "", "cells": dict.fromkeys(COLUMNS[name], "")}
        for more in range(_SPARE)
    ]
    return known + spare


def _cell(value: Any, language: str) -> str:
    return languages(value).get(language, "") if isinstance(value, Mapping) else str(value)


def _other(row: Mapping[str, Any], language: str) -> str:
    """What a row that is not written in this language says in another."""
    said = languages(row.get("title") or row.get("audience") or "")
    return "" if said.get(language) else next(iter(said.values()), "")


def written(form: QueryDict, before: Mapping[str, Any], language: str) -> dict[str, Any]:
    """The plan that was sent: what stands in other languages stays."""
    said = {**EMPTY, **before}
    injection = said["injection"]
    texts = {key: _text(said[key], form.get(key, ""), language) for key in ("title", "risk", "detection")}
    return {
        "plan": before.get("plan") or form.get("name", "").strip(),
        "system": form.get("system") or before.get("system", ""), **texts,
        "level": int(form.get("level", "1")) if form.get("level", "1").isdecimal() else 0,
        **{key: form.get(key, "").strip() for key in PLAIN},
        "checks": _names(form.get("checks", "")), "runbooks": _names(form.get("runbooks", "")),
        "injection": {
            "text": _text(injection["text"], form.get("injection_text", ""), language),
            "undo": _text(injection["undo"], form.get("injection_undo", ""), language),
            "runbook": form.get("injection_runbook", ""), "on": form.get("injection_on", "").strip(),
            "given": _given(form.get("injection_given", "")),
        },
        **{name: _sent(form, name, said[name], language) for name in COLUMNS},
    }  # fmt: skip


def _sent(form: QueryDict, name: str, before: Any, language: str) -> list[dict[str, Any]]:
    """The rows of a list, in the order of their numbers."""
    found = []
    for number in range(_MOST):
        key = f"{name}-{number}-"
        if f"{key}of" not in form:
            break
        of = form.get(f"{key}of", "")
        known = before[int(of)] if of.isdecimal() and int(of) < len(before) else {}
        row = {column: _column(form, key, column, known, language) for column in COLUMNS[name]}
        if f"{key}drop" not in form and any(value for column, value in row.items() if column != "phase"):
            found.append((_place(form.get(f"{key}no", "")), number, row))
    return [row for _place_, _number, row in sorted(found, key=lambda one: one[:2])]


def _column(form: QueryDict, key: str, column: str, known: Mapping[str, Any], language: str) -> Any:
    value = form.get(f"{key}{column}", "").replace("\r\n", "\n").strip()
    return _text(known.get(column) or "", value, language) if column in WORDED else value


def _place(text: str) -> float:
    """Between two rows comes what has a number between theirs; what has none comes last."""
    whole, _dot, part = text.strip().partition(".")
    return float(f"{whole}.{part or 0}") if f"{whole}{part}".isdecimal() and len(text) < 12 else 1e9


def _text(before: Any, text: str, language: str) -> dict[str, str]:
    words = {**languages(before), language: text.replace("\r\n", "\n").strip()}
    return {name: said for name, said in words.items() if said}


def _given(text: str) -> dict[str, str]:
    pairs = (line.partition("=") for line in text.splitlines() if line.strip())
    return {key.strip(): value.strip() for key, _sign, value in pairs}


def _names(text: str) -> list[str]:
    return text.replace(",", " ").replace("，", " ").replace("、", " ").split()
