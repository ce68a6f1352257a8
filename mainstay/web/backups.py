"""Backups: which components are covered, every policy with what it will do and drop, and the stores."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_POST

from mainstay.backups.queries import overview
from mainstay.backups.queries.preview import preview
from mainstay.catalogue import policies, queries
from mainstay.catalogue.models import Policy, Store
from mainstay.catalogue.naming import holds
from mainstay.domain.backup_policy import full_at, incremental_at, prove_at, prove_each
from mainstay.domain.saying import said
from mainstay.domain.state import State
from mainstay.engine.store_trial import try_store
from mainstay.monitoring.wording import format_value
from mainstay.web import lists
from mainstay.web.access import actor, may, or_404, page, visible
from mainstay.web.live import live
from mainstay.web.schedules import schedule
from mainstay.web.systems import STATES
from mainstay.web.templatetags.mainstay import called, words


@page("backup.read")
def backups(request: HttpRequest) -> HttpResponse:
    """Everything at a glance; the policies are searched, filtered, sorted and paged by the address."""
    sight = visible(request)
    text, state = lists.words(request), lists.chosen(request, "state", STATES)
    sort = lists.chosen(request, "sort", SORTS, "system")
    covered, used = overview.coverage(sight), overview.stores_used(sight)
    every = overview.glances(datetime.now(UTC), sight)
    context = {
        "covered": covered,
        "gaps": [one for one in covered if one.gap],
        "safe": sum(not one.gap for one in covered),
        "any": bool(every),
        "unproved": sum(one.proof is None or one.proof.verdict != "proved" for one in every),
        **lists.shown(request, sorted((one for one in every if _fits(one, text, state)), key=SORTS[sort])),
        "sort": sort, "sorts": tuple(SORTS),
        "stores": [
            {"store": row, "title": words(row.document.get("title")) or row.name, "used": used.get(row.name, [])}
            for row in queries.stores(sight)
        ],
        "text": text, "state": state, "states": STATES,
        "may_try": may(request, "store.try", None), "may_edit": may(request, "catalogue.apply", None),
    }  # fmt: skip
    return live(request, "backups", context)


def _oldest_proof(one: overview.Glance) -> tuple[bool, float]:
    return one.proof is not None, one.proof.at.timestamp() if one.proof else 0.0


SORTS: dict[str, Callable[[overview.Glance], Any]] = {
    "system": lambda one: (one.policy.system.tier, one.policy.system.name, one.policy.name),
    "worst": lambda one: (-State(one.state).rank, one.policy.system.tier),
    "name": lambda one: called(one.policy).lower(),
    "proof": _oldest_proof,
}
"""Orders of the policies, the usual one first; ``proof``: those that were proved longest ago, or never, first."""


def _fits(one: overview.Glance, text: str, state: str) -> bool:
    row = one.policy
    said = f"{row} {row.component.name} {row.tool} {called(row)} {called(row.system)}"
    return (not state or one.state == state) and holds(said, text)


@page("backup.read")
def policy(request: HttpRequest, system: str, name: str) -> HttpResponse:
    """One policy: what it says, its next runs, what retention would drop and why, and its checks."""
    row = or_404(lambda: queries.policy(f"{system}/{name}", visible(request)))
    now = datetime.now(UTC)
    glance = overview.glances(now, rows=[row])[0]
    context = {
        "policy": row, "glance": glance, "preview": preview(row, now), "says": _says(row),
        "checks": overview.checks_of(row), "zone": row.system.timezone,
        "has_text": may(request, "catalogue.export", None), "may_edit": may(request, "catalogue.apply", None),
    }  # fmt: skip
    return live(request, "backuppolicy", context)


def _says(row: Policy) -> list[tuple[str, Any]]:
    """The policy word by word, defaults filled in."""
    meant = policies.definition(row)
    keep, never = meant.keep, pgettext("schedule", "never")
    full, incremental = schedule(full_at(meant)), schedule(incremental_at(meant))
    if "incremental" not in policies.levels(row) and incremental:
        full, incremental = format_html("{} · {}", full, incremental), ""
    proofs = schedule(prove_at(meant)) or never
    found = [
        (_("Component"), called(row.component)),
        (_("Tool"), row.tool),
        (_("Account"), _("one of its own") if meant.dsn else _("the component's")),
        (_("Full copies"), full or never),
        (_("Incremental copies"), incremental or never),
        (_("Begins within"), meant.window or _("always")),
        (_("Proofs"), format_html(_("{when} and after each copy"), when=proofs) if prove_each(meant) else proofs),
        (_("Kept"), _("the last %(last)d, of %(daily)d days, %(weekly)d weeks, %(monthly)d months, %(yearly)d years")
         % keep.model_dump()),
        (_("Stores"), " → ".join(meant.stores)),
        (_("At most"), meant.deadline),
        (_("Encrypted"), _("yes") if meant.encrypt else _("no")),
    ]  # fmt: skip
    if meant.rate:
        found.append((_("Rate at most"), format_value(meant.rate * 1e6, "B/s")))
    for title, listed in ((_("Paths"), meant.paths), (_("Left out"), meant.exclude), (_("Databases"), meant.databases)):
        if listed:
            found.append((title, " · ".join(listed)))
    return found


@page("store.try")
@require_POST
def try_one(request: HttpRequest, name: str) -> HttpResponse:
    """Write a little into a store and remove it again."""
    get_object_or_404(Store, name=name, retired_at=None)
    tried = try_store(name, actor=actor(request))
    if not tried.reached:
        messages.error(request, f"{name}: {said(tried.answer, _)}")
    elif tried.free is None:
        messages.success(request, _("%(name)s can be written to.") % {"name": name})
    else:
        words = _("%(name)s can be written to; %(free)s are free.")
        messages.success(request, words % {"name": name, "free": format_value(tried.free, "B")})
    return redirect("backups")
