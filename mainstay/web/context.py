"""What every page's frame shows."""

from datetime import UTC, datetime
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from mainstay.domain.actor import Role
from mainstay.incidents.queries import open_incidents
from mainstay.monitoring.queries import silent_processes
from mainstay.people.models import Person
from mainstay.people.queries import actor_of
from mainstay.web import places

THEME = "mainstay_theme"
"""The cookie in which a browser keeps whether its reader wants light or dark."""
THEMES = ("light", "dark")


def shell(request: HttpRequest) -> dict[str, Any]:
    """Role, running incidents and, in red, which process of Mainstay is silent."""
    theme = request.COOKIES.get(THEME, "")
    frame: dict[str, Any] = {"theme": theme if theme in THEMES else ""}
    person = request.user if hasattr(request, "user") else None
    if not isinstance(person, Person):
        return frame
    who = actor_of(person)
    frame |= {
        "is_operator": who.highest >= Role.OPERATOR,
        "is_approver": who.lowest >= Role.APPROVER,
        "is_administrator": who.role >= Role.ADMINISTRATOR,
    }
    if request.headers.get("HX-Request"):  # a fragment has no frame
        return frame
    return {
        **frame,
        "places": places.shown(request, who),
        "manual": places.manual_of(request),
        "role": role_name(person.role),
        "running": open_incidents(who.sight).count(),
        "silent": silent(),
        "now": datetime.now(UTC),
    }


def role_name(role: int) -> str:
    """A role in the reader's language."""
    words = {
        Role.NONE: _("no role"), Role.VIEWER: _("viewer"), Role.OPERATOR: _("operator"),
        Role.APPROVER: _("approver"),
    }  # fmt: skip
    return words.get(Role(role), _("administrator"))


def silent() -> list[str]:
    """Processes that should be heard of and are not, those that never were among them."""
    return [process_name(one) for one in silent_processes(datetime.now(UTC))]


def process_name(name: str) -> str:
    """A process of Mainstay as its pages call it."""
    return {"checker": pgettext("process", "checker"), "engine": pgettext("process", "engine")}.get(name, name)
