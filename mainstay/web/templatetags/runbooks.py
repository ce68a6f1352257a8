"""Words and signs of runs on the pages."""

import shlex
from collections.abc import Mapping
from typing import Any

from django import template
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from mainstay.domain.saying import restored
from mainstay.domain.saying import said as say_it
from mainstay.runbooks.actions.writing import FILE, PACK, PAGE

register = template.Library()

_SHAPES = {
    "done": "ok", "undone": "ok", "failed": "critical", "stopped": "critical", "doubtful": "critical",
    "asking": "warning", "retry": "warning", "paused": "warning", "undoing": "warning",
}  # fmt: skip


@register.filter
def book_source(source: str) -> str:
    """Where a runbook is written."""
    if source.startswith(PACK):
        return _("pack %(name)s") % {"name": source.removeprefix(PACK)}
    return {PAGE: _("written on a page"), FILE: _("a file of the workspace")}.get(source, source)


@register.filter
def as_written(value: Any) -> str:
    """A setting of a step as somebody would type it: a command with its words apart, a mapping as name=value."""
    if isinstance(value, Mapping):
        return " ".join(f"{key}={as_written(one)}" for key, one in value.items())
    if isinstance(value, list | tuple):
        return " ".join(shlex.quote(one) if " " in one else one for one in map(as_written, value))
    return str(value)


@register.filter
def run_word(word: str) -> str:
    """A state of a run or of a step, or what happened, in the reader's language."""
    return {
        "running": pgettext("run", "under way"), "paused": pgettext("run", "paused"),
        "stopped": pgettext("run", "stopped: a step failed"), "undoing": pgettext("run", "being undone"),
        "done": pgettext("run", "done"), "cancelled": pgettext("run", "cancelled"), "undone": pgettext("run", "undone"),
        "ahead": pgettext("run", "ahead"), "started": pgettext("run", "is being done"),
        "waiting": pgettext("run", "waits"), "asking": pgettext("run", "waits for somebody"),
        "retry": pgettext("run", "will be tried again"), "doubtful": pgettext("run", "may have run"),
        "failed": pgettext("run", "failed"), "skipped": pgettext("run", "left out"),
        "left-out": pgettext("run", "left out"), "asked": pgettext("run", "begun"),
        "asks": pgettext("run", "asks somebody"), "again": pgettext("run", "is done again after its process ended"),
        "pause": pgettext("run", "paused by somebody"), "resume": pgettext("run", "resumed"),
        "cancel": pgettext("run", "cancelled by somebody"), "skip": pgettext("run", "left out by somebody"),
        "approve": pgettext("run", "said yes or no"), "answer": pgettext("run", "answered"),
        "restored": pgettext("run", "Mainstay was put back from a copy: look before you resume"),
    }.get(word, word)  # fmt: skip


@register.filter
def kind_word(kind: str) -> str:
    """What a kind of step does."""
    return {
        "shell": pgettext("step", "program"), "ssh": pgettext("step", "command on a host"),
        "sql": pgettext("step", "database"), "http": pgettext("step", "request"), "check": pgettext("step", "check"),
        "wait": pgettext("step", "wait"), "approve": pgettext("step", "approval"), "ask": pgettext("step", "question"),
        "manual": pgettext("step", "by hand"), "backup": pgettext("step", "backup"),
        "restore": pgettext("step", "restore"), "prove": pgettext("step", "proof of a copy"),
        "notify": pgettext("step", "notice"), "run": pgettext("step", "runbook"),
        "parallel": pgettext("step", "at the same time"),
    }.get(kind, kind)  # fmt: skip


@register.filter
def role_name(role: str) -> str:
    """A role that is asked for."""
    return {
        "operator": _("operator"), "approver": _("approver"), "administrator": _("administrator"),
    }.get(role, role)  # fmt: skip


@register.filter
def run_shape(word: str) -> str:
    """The state whose colour and shape it has."""
    return _SHAPES.get(str(word), "unknown")


@register.filter
def kept_saying(kept: Any) -> str:
    """What was kept of a saying, in the reader's language."""
    return say_it(restored(kept), _)
