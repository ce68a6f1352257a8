"""Today: what needs somebody now, in order, or that nothing does and how that is known."""

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.functional import SimpleLazyObject

from mainstay.backups import queries as backups
from mainstay.backups.models import Restore
from mainstay.backups.queries import overview
from mainstay.catalogue import queries as catalogue
from mainstay.domain.actor import At, Sight
from mainstay.domain.restoring import State
from mainstay.incidents import queries as incidents
from mainstay.incidents.clocks import clocks_of
from mainstay.inspection import queries as inspections
from mainstay.monitoring import queries as monitoring
from mainstay.monitoring.models import Standing
from mainstay.notices import queries as notices
from mainstay.on_call import queries
from mainstay.plans import queries as plans
from mainstay.reviews import queries as reviews
from mainstay.reviews.days import day_of
from mainstay.reviews.models import Action
from mainstay.web import duty, glance, lists
from mainstay.web.access import actor, may, me, page, visible, where
from mainstay.web.context import silent
from mainstay.web.live import live

SHOWN = 20
GLANCED = 12
DAY, WEEK = timedelta(days=1), timedelta(days=7)


@page("incident.read")
def today(request: HttpRequest) -> HttpResponse:
    """The first page; its fragment refreshes by itself."""
    now, sight = datetime.now(UTC), visible(request)
    known = glance.systems(sight, "document", "objectives")
    rotas = queries.rotas()
    names = [one.system.name for one in known]
    mine = where(request, "inspection.sign", names)
    kept = overview.by_system(sight) if may(request, "backup.read", At.ANYWHERE) else []
    running = lists.cut(incidents.open_incidents(sight), SHOWN)
    context = {
        "silent": silent(),  # a refresh has no frame that would say it
        "incidents": running,
        "clocks": clocks_of(running, now),
        "to_sign": lists.cut(inspections.to_sign(sight).filter(system__name__in=mine), SHOWN),
        "to_approve": lists.cut(_to_approve(request, sight, names), SHOWN),
        "not_ok": lists.cut(not_ok(sight), SHOWN),
        "due_actions": lists.cut(_due_actions(request, now, sight), SHOWN),
        "to_review": lists.cut(reviews.waiting(sight), SHOWN) if may(request, "review.write", At.ANYWHERE) else [],
        "day": day_of(now),
        "undelivered": lists.cut(notices.undelivered(now, sight), SHOWN),
        "mutes": lists.cut(monitoring.mutes(now, sight).order_by("ends_at"), SHOWN),
        "duty": duty.mine(me(request).username, now, rotas),
        "gaps": lists.cut(duty.gaps(rotas, now, duty.SOON), duty.SHOWN),
        "resolved": list(incidents.search(state="resolved", sight=sight)[:6]),
        # only where all is quiet is it asked since when, and how that is known
        "quiet_since": partial(incidents.last_resolved_at, sight),
        "watched": SimpleLazyObject(lambda: watched(now, sight)),
        "systems": _systems(now, known),
        "drills_due": lists.cut([one for one in plans.wanted(now, sight) if one.overdue], SHOWN),
        "plans_due": lists.cut(plans.to_review(now.date(), sight), SHOWN),
        "plans_stale": lists.cut(plans.with_stale_supplies(now.date(), sight), SHOWN),
        "drills_running": list(plans.drills(states=["running"], sight=sight)[:SHOWN]),
        "lacking": lists.cut([row for row in kept if row.lacks], SHOWN),
        "backups": kept[:GLANCED],
    }
    return live(request, "today", context)


def _to_approve(request: HttpRequest, sight: Sight, names: list[str]) -> QuerySet[Restore]:
    """Restores to live places that somebody else asked for and this person may approve."""
    mine = where(request, "backup.approve", names)
    waiting = backups.restores(state=State.ASKED, sight=sight).filter(policy__system__name__in=mine)
    waiting = waiting.select_related(None).select_related("policy__system").defer("wanted", "marks", "outcome", "story")
    return waiting.exclude(asked_by=actor(request).name)


def _due_actions(request: HttpRequest, now: datetime, sight: Sight) -> QuerySet[Action]:
    """The reader's own that are due within a week; and of others, for those who approve, what is overdue for one."""
    today = day_of(now)
    mine = Q(owner=me(request).username, due__lte=today + WEEK)
    late = Q(due__lte=today - WEEK) if may(request, "review.accept", At.ANYWHERE) else Q(pk__in=())
    return reviews.actions(state="undone", sight=sight).filter(mine | late)


def not_ok(sight: Sight) -> QuerySet[Standing]:
    """What is not ok and part of no incident that runs, the worst first, so that nobody may say that all is quiet."""
    found = monitoring.worst_first(monitoring.standings(states=("warning", "critical", "unknown"), sight=sight))
    return found.exclude(check_of_id__in=incidents.checks_in_open())


def watched(now: datetime, sight: Sight) -> dict[str, int]:
    """What stands behind "all quiet": how much is watched, and how much of it was looked at in time."""
    kinds = catalogue.checks(sight=sight).aggregate(
        checks=Count("pk"), rules=Count("pk", filter=Q(kind="integrity")), flows=Count("pk", filter=Q(kind="flow"))
    )
    return {**kinds, "looked": monitoring.looked_in_time(now, sight)}


def _systems(now: datetime, known: list[glance.Glanced]) -> list[dict[str, Any]]:
    """The systems with their last day, worst first."""
    shown = sorted(known, key=lambda one: one.rank)[:GLANCED]
    strips = glance.strips([one.system.name for one in shown], now - DAY, now)
    return [{"system": one.system, "state": one.state, "day": strips[one.system.name]} for one in shown]
