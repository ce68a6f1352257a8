"""Why somebody was called, in the active language."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _


def called_because(why: Mapping[str, Any], step: int, escalation: str) -> str:
    """``why`` as a call keeps it; steps count from 1."""
    words = {"step": step, "escalation": escalation, "who": _who(why)}
    text = _("You are called by step %(step)s of %(escalation)s: %(who)s.") % words
    if why.get("instead_of"):
        text += " " + _("Nobody else was there: %(missed)s.") % {"missed": why["instead_of"]}
    return text


def led_by(why: Mapping[str, Any]) -> str:
    """What of a step led to somebody."""
    text = _who(why)
    if why.get("instead_of"):
        text += " · " + _("nobody was there for %(missed)s") % {"missed": why["instead_of"]}
    return text


def _who(why: Mapping[str, Any]) -> str:
    kind, _sep, name = str(why["target"]).partition(":")
    if kind == "rotation":
        if why.get("override") is not None:
            return _("on call in %(rotation)s, standing in") % {"rotation": name}
        return _("on call in %(rotation)s by layer %(layer)s") % {
            "rotation": name, "layer": (why.get("layer") or 0) + 1,
        }  # fmt: skip
    return {
        "person": _("named in the step"), "team": _("one of the team %(name)s") % {"name": name},
        "channel": _("named in the step"), "vendor": _("named in the step"),
    }[kind]  # fmt: skip
