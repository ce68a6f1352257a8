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
        "account": pgettext("act", "own account"), "alert": pgettext("act", "alert"), "audit": _("Audit"),
        "backup": pgettext("act", "backup"), "catalogue": _("Catalogue"), "factor": pgettext("act", "second factor"),
        "incident": pgettext("object", "incident"), "inspection": pgettext("object", "inspection"),
        "notice": pgettext("object", "notice"), "person": pgettext("object", "person"),
        "self": pgettext("act", "Mainstay's own data"), "session": pgettext("act", "session"),
        "token": pgettext("object", "token"),
    }.get(name) or object_word(name)  # fmt: skip


def _verb(name: str) -> str:
    """What was done: the word after the dot."""
    return {
        "abort": pgettext("verb", "abort"), "acknowledge": pgettext("verb", "take on"), "add": pgettext("verb", "add"),
        "apply": pgettext("verb", "apply"), "approve": pgettext("verb", "approve"),
        "backup": pgettext("verb", "back up"), "change": pgettext("verb", "change"),
        "cleaned": pgettext("verb", "clean up"), "copy": pgettext("verb", "copy made"),
        "countersign": pgettext("verb", "countersign"), "create": pgettext("verb", "create"),
        "damage": pgettext("verb", "damage found"), "delete": pgettext("verb", "delete"),
        "drop": pgettext("verb", "copy removed"), "edit": pgettext("verb", "edit"),
        "export": pgettext("verb", "export"),
        "factor": pgettext("verb", "second factor"), "failed": pgettext("verb", "failed"),
        "key": pgettext("verb", "show the key"), "mute": pgettext("verb", "mute"), "note": pgettext("verb", "note"),
        "open": pgettext("verb", "open"), "outline": pgettext("verb", "describe a system"),
        "passkey": pgettext("verb", "passkey"), "password": pgettext("verb", "password"),
        "ping-address": pgettext("verb", "heartbeat address"), "proof": pgettext("verb", "proof done"),
        "prove": pgettext("verb", "prove"), "raise": pgettext("verb", "raise an incident"),
        "receive": pgettext("verb", "receive"), "refuse": pgettext("verb", "refuse"),
        "regrade": pgettext("verb", "regrade"), "remark": pgettext("verb", "remark"),
        "reopen": pgettext("verb", "open again"), "repository": pgettext("verb", "make a repository"),
        "reset": pgettext("verb", "reset"), "resolve": pgettext("verb", "resolve"),
        "restore": pgettext("verb", "restore"), "retry": pgettext("verb", "try again"),
        "revoke": pgettext("verb", "revoke"), "rotate": pgettext("verb", "seal anew"), "run": pgettext("verb", "run"),
        "session": pgettext("verb", "end a session"), "set": pgettext("verb", "set"),
        "sign": pgettext("verb", "sign"), "sign-in": pgettext("verb", "sign in"), "end": pgettext("verb", "end"),
        "test": pgettext("verb", "test"), "try": pgettext("verb", "try"), "unmute": pgettext("verb", "end the mute"),
        "ways": pgettext("verb", "ways to sign in"),
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


_NAMED = ("person", "incident", "channel", "token", "system", "component", "check", "calendar", "store", "policy")
"""Kinds of objects that the trail names before the object's own name."""


@register.simple_tag
def object_said(thing: str) -> SafeString:
    """What was acted on, its kind in words; as the trail has it on hover."""
    kind, space, name = thing.partition(" ")
    if not space or kind not in _NAMED:
        return format_html("{}", thing)
    return format_html('<span title="{}">{} {}</span>', thing, _room(kind), name)
