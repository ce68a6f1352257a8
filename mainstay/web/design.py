"""Every token and component of the pages on one page, light and dark side by side: to look at, and to choose from."""

from datetime import UTC, datetime, timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from mainstay.domain.incident_stats import Pace, Took, Within
from mainstay.domain.state import State
from mainstay.web import bars, flow_picture
from mainstay.web.access import page

TOKENS = (
    "page", "card", "raised", "sunk", "ink", "dim", "line", "strong-line", "accent", "on-accent", "accent-soft", "side",
    "side-ink", "side-strong", "side-here", "ok", "warning", "critical", "unknown", "ok-soft", "warning-soft",
    "critical-soft", "unknown-soft", "ok-fill", "warning-fill", "critical-fill", "unknown-fill",
)  # fmt: skip
"""The colours of ``tokens.css``; a test compares."""
SPACES, SIZES = ("1", "2", "3", "4", "5", "6"), ("small", "body", "large", "title", "figure")
STATES = tuple(state.value for state in State)


@page("incident.read")
def design(request: HttpRequest) -> HttpResponse:
    """Samples only: nothing on it is measured."""
    now = datetime.now(UTC)
    week = [(f"{n}", f"{n}", {"level-bar-3": n % 5, "level-bar-2": n % 3, "level-bar-1": n % 2}) for n in range(1, 13)]
    stages = [
        {"name": name, "cases": 12 - n, "amount": 12345.0, "oldest": 7e4, "stuck": n == 1, "stuck_amount": 900.0,
         "final": n == 4, "optional": n == 2}
        for n, name in enumerate(("stage", "stage-stuck", "optional", "step", "stage-final"))
    ]  # fmt: skip
    ways = (("stage", "stage-stuck"), ("stage-stuck", "step"), ("stage", "step"), ("stage-final", "step"))
    context = {
        "kinds": ("catalogue", "deployment", "run", "restore", "incident", "notice"),
        "flow": flow_picture.draw(stages, [{"from": one, "to": to, "count": 7} for one, to in ways], [], "CNY"),
        "tokens": TOKENS, "spaces": SPACES, "sizes": SIZES, "states": STATES, "levels": (1, 2, 3),
        "icons": ("today", "systems", "incidents", "data", "backups", "notices", "audit", "settings", "help", "status",
                  "wall", "search", "person", "language", "theme", "more", "mute", "run", "edit", "add", "download",
                  "done"),
        "messages_shown": ("success", "warning", "error", "info"),
        "entries": ("opened", "reopened", "worse", "relapsed", "acknowledged", "note", "recovered", "resolved"),
        "ago": now - timedelta(minutes=47), "plots": bars.in_all_frames(week, lambda one: f"{one:.0f}"),
        "lying": bars.lying([(_("system"), 9), (_("data"), 5), (_("business"), 2)]),
        "took": Pace(Took(12, 900.0, 720.0), Took(2, None, None), Within(12, 0.75), Within(2, None)),
        "themes": ("light", "dark"),
    }  # fmt: skip
    return render(request, "design.html", context)
