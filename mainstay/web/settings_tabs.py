"""The tabs of the settings: each a page of its own."""

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from mainstay.web.access import actor
from mainstay.web.places import permitted


def tabs(request: HttpRequest, here: str) -> list[dict[str, Any]]:
    """Those that somebody may open; people and tokens are pages of their own that belong here, too."""
    known = (
        ("settings", _("Channels"), "catalogue.read"), ("calendars", _("Calendars"), "catalogue.read"),
        ("secrets", _("Secrets"), "secret.set"), ("people", _("People"), "person.add"),
        ("tokens", _("Tokens"), "token.create"), ("owncopies", _("Own copies"), "self.backup"),
        ("about", _("About"), "catalogue.read"),
    )  # fmt: skip
    who = actor(request)
    return [
        {"title": title, "url": reverse(name), "here": name == here}
        for name, title, act in known if permitted(who, act)
    ]  # fmt: skip
