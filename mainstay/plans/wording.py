"""Codes of plans and drills in the active language."""

from datetime import date

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from mainstay.monitoring.wording import format_day


def rhythm_word(rhythm: str) -> str:
    """How often."""
    return {
        "monthly": _("every month"), "quarterly": _("every quarter"), "half-yearly": _("every half-year"),
        "yearly": _("every year"), "never": _("never"),
    }.get(rhythm, rhythm)  # fmt: skip


def day_said(text: str) -> str:
    """A day as somebody wrote it, such as 2027-01-31, as people read it."""
    return format_day(date.fromisoformat(text)) if text else "–"


def phase_word(phase: str) -> str:
    """What a step is for."""
    return {"handling": pgettext("plan", "Handling"), "recovery": pgettext("plan", "Recovery")}.get(phase, phase)


def level_words(level: int) -> str:
    """The level of an incident."""
    return {1: _("level 1, severe"), 2: _("level 2, partial"), 3: _("level 3, slight")}.get(level, str(level))


def plan_state_word(state: str) -> str:
    """Where a plan stands; all of them for none."""
    return {
        "draft": pgettext("plan", "draft"), "in-force": pgettext("plan", "in force"),
        "retired": pgettext("plan", "retired"), "": _("all"),
    }.get(state, state)  # fmt: skip


def drill_state_word(state: str) -> str:
    """Where a drill stands."""
    return {
        "planned": pgettext("drill", "planned"), "running": pgettext("drill", "going on"),
        "done": pgettext("drill", "held"), "cancelled": pgettext("drill", "called off"), "": _("all"),
    }.get(state, state)  # fmt: skip


def drill_kind_word(kind: str) -> str:
    """At the table, or live."""
    return {"table": _("table-top drill"), "live": _("live drill")}.get(kind, kind)


def drill_word(word: str) -> str:
    """A line of a drill's record."""
    return {
        "began": pgettext("drill", "begun"), "injected": pgettext("drill", "fault brought about"),
        "raised": pgettext("drill", "alarm raised by hand"), "done": pgettext("drill", "step done"),
        "skipped": pgettext("drill", "step left out"), "wrong-turn": pgettext("drill", "wrong turn"),
        "note": _("note"), "recovered": pgettext("drill", "system is back"), "ended": pgettext("drill", "ended"),
        "cancelled": pgettext("drill", "called off"),
    }.get(word, word)  # fmt: skip


def asked_word(name: str) -> str:
    """What a line of a score asks."""
    return {
        "detected": _("Detected by a check"), "acknowledged": _("Taken on in time"),
        "skipped": _("Steps left out"), "late": _("Steps done too late"), "wrong-turns": _("Wrong turns"),
        "recovered": _("System is back"), "rto": _("Back within the RTO"), "rpo": _("Data lost within the RPO"),
    }.get(name, name)  # fmt: skip


def verdict_word(verdict: str) -> str:
    """How that went."""
    return {
        "ok": pgettext("drill", "met"), "missed": pgettext("drill", "missed"),
        "open": pgettext("drill", "not measured"),
    }.get(verdict, verdict)  # fmt: skip
