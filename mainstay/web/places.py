"""The places of the console, in the order in which they stand at the side: one list for menu, keys and palette."""

from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from mainstay.domain.actor import Actor, At, Denied, authorise


@dataclass(frozen=True, slots=True)
class Place:
    """A page of its own. ``act`` is what one must be allowed to see it; ``later`` leaves it out of a phone's bar;
    ``manual`` is the manual's page about it."""

    name: str
    title: Promise
    key: str
    act: str
    later: bool = False
    manual: str = ""


PLACES = (
    Place("today", _("Today"), "t", "incident.read", manual="incidents"),
    Place("systems", _("Systems"), "s", "catalogue.read", manual="catalogue"),
    Place("incidents", _("Incidents"), "i", "incident.read", manual="incidents"),
    Place("data", _("Data"), "d", "catalogue.read", manual="flows"),
    Place("inspections", _("Inspections"), "p", "inspection.read", manual="inspection"),
    Place("on-call", _("On call"), "o", "oncall.read", later=True, manual="on-call"),
    Place("backups", _("Backups"), "b", "backup.read", later=True, manual="backups"),
    Place("desk", _("Help desk"), "q", "desk.read", later=True, manual="help-desk"),
    Place("knowledge", _("Knowledge"), "k", "article.read", later=True, manual="knowledge"),
    Place("reviews", _("Reviews"), "v", "review.read", later=True, manual="reviews"),
    Place("plans", _("Plans and drills"), "l", "plan.read", later=True, manual="plans"),
    Place("runbooks", _("Runbooks"), "r", "runbook.read", later=True, manual="runbooks"),
    Place("notices", _("Notices"), "n", "notice.read", later=True, manual="incidents"),
    Place("wall", _("Wall screen"), "w", "incident.read", later=True, manual="faces"),
    Place("audit", _("Audit"), "a", "audit.read", later=True, manual="running"),
    Place("catalogue", _("Catalogue"), "c", "catalogue.export", later=True, manual="catalogue"),
    Place("settings", _("Settings"), "e", "catalogue.read", later=True, manual="running"),
    Place("help", _("Help"), "h", "catalogue.read", later=True),
)

ELSEWHERE = {"account": "people", "people": "people", "tokens": "people", "find": "faces"}
"""Manual pages of what is no place of its own."""


def shown(request: HttpRequest, who: Actor) -> list[dict[str, object]]:
    """What somebody may open, and which of them the request is in: the first part of its address says it."""
    here = request.path.lstrip("/").partition("/")[0]
    return [
        {
            "name": one.name, "icon": one.name, "title": one.title, "key": one.key, "later": one.later,
            "url": reverse(one.name), "here": here == one.name, "manual": one.manual,
        }
        for one in PLACES if permitted(who, one.act)
    ]  # fmt: skip


def manual_of(request: HttpRequest) -> str:
    """The manual's page about the place that a request is in; empty where there is none."""
    here = request.path.lstrip("/").partition("/")[0]
    return next((one.manual for one in PLACES if one.name == here), ELSEWHERE.get(here, ""))


def permitted(who: Actor, act: str) -> bool:
    """Whether there is anything at all on which somebody may do this."""
    try:
        authorise(who, act, system=At.ANYWHERE)
    except Denied:
        return False
    return True
