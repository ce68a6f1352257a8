"""Words of the audit trail on the pages."""

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from mainstay.web.templatetags.mainstay import object_word

register = template.Library()


def _room(name: str) -> str:
    """What an act is about: the word before its dot."""
    return {
        "account": pgettext("act", "own account"), "alert": pgettext("act", "alert"),
        "article": pgettext("object", "article"), "audit": _("Audit"), "backup": pgettext("act", "backup"),
        "catalogue": _("Catalogue"), "deployment": _("deployment"), "desk": _("help desk"),
        "factor": pgettext("act", "second factor"),
        "incident": pgettext("object", "incident"), "inspection": pgettext("object", "inspection"),
        "notice": pgettext("object", "notice"), "oncall": pgettext("act", "on call"),
        "person": pgettext("object", "person"), "review": pgettext("object", "review"),
        "action": pgettext("object", "action"), "runbook": _("runbook"), "self": pgettext("act", "Mainstay's own data"),
        "session": pgettext("act", "session"), "ticket": pgettext("object", "ticket"),
        "token": pgettext("object", "token"), "remedy": pgettext("object", "remedy"),
        "plan": pgettext("object", "plan"), "drill": pgettext("object", "drill"),
    }.get(name) or object_word(name)  # fmt: skip


def _verb(name: str) -> str:
    """What was done: the word after the dot."""
    return {
        "abort": pgettext("verb", "abort"), "accept": pgettext("verb", "accept a risk"),
        "act": pgettext("verb", "agree on an action"), "again": pgettext("verb", "open an action again"),
        "hold": pgettext("verb", "hold"), "renew": pgettext("verb", "work out the facts anew"),
        "acknowledge": pgettext("verb", "take on"), "add": pgettext("verb", "add"),
        "answer": pgettext("verb", "answer"), "apply": pgettext("verb", "apply"),
        "approve": pgettext("verb", "approve"), "backup": pgettext("verb", "back up"), "call": pgettext("verb", "call"),
        "cancel": pgettext("verb", "cancel"), "change": pgettext("verb", "change"),
        "cleaned": pgettext("verb", "clean up"), "close": pgettext("verb", "close"),
        "copy": pgettext("verb", "copy made"), "countersign": pgettext("verb", "countersign"),
        "create": pgettext("verb", "create"), "damage": pgettext("verb", "damage found"),
        "delete": pgettext("verb", "delete"), "drop": pgettext("verb", "copy removed"),
        "edit": pgettext("verb", "edit"), "export": pgettext("verb", "export"),
        "factor": pgettext("verb", "second factor"), "failed": pgettext("verb", "failed"),
        "feed": pgettext("verb", "new calendar address"), "handover": pgettext("verb", "hand over"),
        "join": pgettext("verb", "join to an incident"), "key": pgettext("verb", "show the key"),
        "mute": pgettext("verb", "mute"), "note": pgettext("verb", "note"), "open": pgettext("verb", "open"),
        "outline": pgettext("verb", "describe a system"), "override": pgettext("verb", "stand in"),
        "passkey": pgettext("verb", "passkey"), "password": pgettext("verb", "password"),
        "pause": pgettext("verb", "pause"), "ping-address": pgettext("verb", "heartbeat address"),
        "proof": pgettext("verb", "proof done"), "prove": pgettext("verb", "prove"),
        "publish": pgettext("verb", "publish"), "raise": pgettext("verb", "raise an incident"),
        "receive": pgettext("verb", "receive"), "refuse": pgettext("verb", "refuse"),
        "regrade": pgettext("verb", "regrade"), "remark": pgettext("verb", "remark"),
        "reopen": pgettext("verb", "open again"), "repository": pgettext("verb", "make a repository"),
        "reset": pgettext("verb", "reset"), "resolve": pgettext("verb", "resolve"),
        "restore": pgettext("verb", "restore"), "resume": pgettext("verb", "go on"),
        "retire": pgettext("verb", "retire"), "retry": pgettext("verb", "try again"),
        "revoke": pgettext("verb", "revoke"), "rotate": pgettext("verb", "seal anew"), "run": pgettext("verb", "run"),
        "say": pgettext("verb", "add words"), "score": pgettext("verb", "score"),
        "session": pgettext("verb", "end a session"), "set": pgettext("verb", "set"), "sign": pgettext("verb", "sign"),
        "sign-in": pgettext("verb", "sign in"), "end": pgettext("verb", "end"), "skip": pgettext("verb", "skip"),
        "sort": pgettext("verb", "sort"), "swap": pgettext("verb", "swap a shift"), "tell": pgettext("verb", "tell of"),
        "test": pgettext("verb", "test"),
        "try": pgettext("verb", "try"), "unmute": pgettext("verb", "end the mute"),
        "ways": pgettext("verb", "ways to sign in"), "wish": pgettext("verb", "note as a requirement"),
        "write": pgettext("verb", "write"), "allow": pgettext("verb", "allow"),
        "plan": pgettext("verb", "plan"), "start": pgettext("verb", "begin"),
        "inject": pgettext("verb", "bring the fault about"), "alarm": pgettext("verb", "raise the alarm"),
        "step": pgettext("verb", "tick a step off"), "recover": pgettext("verb", "system is back"),
        "attend": pgettext("verb", "note who took part"), "find": pgettext("verb", "agree on an action"),
    }.get(name, name)  # fmt: skip


@register.filter
def room_word(name: str) -> str:
    """The first word of acts, in the reader's language."""
    return _room(name)


@register.simple_tag
def act_said(act: str) -> SafeString:
    """An act in words; its code, by which programs know it, on hover."""
    room, _dot, verb = act.partition(".")
    return format_html('<span title="{}">{} · {}</span>', act, _room(room), _verb(verb))


_NAMED = (
    "person", "incident", "channel", "token", "system", "component", "check", "calendar", "store", "policy",
    "article", "rotation", "team", "ticket", "review", "action", "plan", "drill",
)  # fmt: skip
"""Kinds of objects that the trail names before the object's own name."""


@register.simple_tag
def object_said(thing: str) -> SafeString:
    """What was acted on, its kind in words; as the trail has it on hover."""
    kind, space, name = thing.partition(" ")
    if not space or kind not in _NAMED:
        return format_html("{}", thing)
    return format_html('<span title="{}">{} {}</span>', thing, _room(kind), name)
