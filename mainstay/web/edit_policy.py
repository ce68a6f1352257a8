"""Making, changing and retiring a backup policy: its fields, and beside them at once what would come of it."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from mainstay.backups import queries as backups
from mainstay.backups.queries.preview import Preview, drafted, preview
from mainstay.catalogue import actions, editing_backups, kinds, queries
from mainstay.catalogue.editing import Proposal
from mainstay.catalogue.editing_backups import PolicyWriting
from mainstay.catalogue.models import System
from mainstay.catalogue.sources import Invalid, LocatedFlaw
from mainstay.domain.backup_policy import Policy, key_name
from mainstay.domain.yaml_node import Flaw
from mainstay.web import changing, policy_form
from mainstay.web.access import actor, or_404, page


@dataclass(slots=True)
class _Sheet:
    """What the page shows of one try. ``made``: there is such a policy already, and it is this one that is changed."""

    present: PolicyWriting
    asked: dict[str, Any]
    made: bool
    wrong: dict[str, list[Flaw]] = field(default_factory=dict)
    rest: list[LocatedFlaw] = field(default_factory=list)
    overtaken: bool = False
    wanted: Proposal | None = None
    ahead: Preview | None = None


@page("catalogue.apply")
def new(request: HttpRequest) -> HttpResponse:
    """Of which system; then the form of a new one, whose name is proposed."""
    given = request.POST if request.method == "POST" else request.GET
    systems = list(queries.systems().exclude(original=None))
    chosen = given.get("system", "").replace("\0", "") or (systems[0].name if len(systems) == 1 else "")
    if not chosen:
        return render(request, "policy_edit.html", {"systems": systems})
    present = _written(chosen, given.get("name", "").strip()[:63])
    of = request.GET.get("of", "")
    present = present if request.method == "POST" else _proposed(present, of)
    asked = policy_form.values({"of": of})
    return _answer(request, _Sheet(present, asked, made=False), systems)


@page("catalogue.apply")
def edit(request: HttpRequest, system: str, name: str) -> HttpResponse:
    """The form of one that is there."""
    present = _there(system, name)
    return _answer(request, _Sheet(present, policy_form.values(present.own), made=True))


@page("catalogue.apply")
@require_POST
def retire(request: HttpRequest, system: str, name: str) -> HttpResponse:
    """No copy is taken by it any more; what there is stays."""
    _there(system, name)
    try:
        actions.retire_policy(system, name, actor=actor(request), seen=request.POST.get("seen", ""))
    except ValueError as error:  # Invalid and Overtaken are such, too
        for line in changing.reasons(error):
            messages.error(request, line)
        return redirect("backuppolicy-edit", system, name)
    messages.success(request, _("%(name)s is retired.") % {"name": f"{system}/{name}"})
    return redirect("backups")


def _written(system: str, name: str) -> PolicyWriting:
    return or_404(lambda: editing_backups.policy_writing(system, name))


def _proposed(present: PolicyWriting, of: str) -> PolicyWriting:
    """With a name that is free, if one comes to mind."""
    taken = present.whole.get("backups") or {}
    return replace(present, name=next((one for one in ("nightly", of) if one not in taken), ""))


def _there(system: str, name: str) -> PolicyWriting:
    found = _written(system, name)
    or_404(lambda: editing_backups.require_policy(found))
    return found


def _answer(request: HttpRequest, sheet: _Sheet, systems: Sequence[System] = ()) -> HttpResponse:
    """A try is shown with what would come of it, and only what was shown is saved. While somebody types, a fragment
    with the same is asked for."""
    live = bool(request.headers.get("HX-Request"))
    if request.method == "POST":
        sheet.asked = policy_form.typed(request.POST)
        sheet.overtaken = request.POST.get("seen") != sheet.present.seen
        saves = request.POST.get("do") == "save" and not live and not sheet.overtaken
        if (done := _try(request, sheet, saves=saves)) is not None:
            return done
    return render(request, "parts/policy_try.html" if live else "policy_edit.html", _context(sheet, systems, live))


def _try(request: HttpRequest, sheet: _Sheet, *, saves: bool) -> HttpResponse | None:
    present, asked = sheet.present, policy_form.wanted(sheet.asked)
    if not present.name or not (sheet.made or present.new):
        words = _("A policy of that name is there already.") if present.name else _("Give it a short name.")
        sheet.wrong["name"] = [Flaw(1, 1, "", words)]
        return None
    try:
        found = editing_backups.policy_proposal(present, asked)
    except Invalid as error:
        wrong, sheet.rest = editing_backups.flaws_by_key(error, "backups", present.name)
        for way, flaws in wrong.items():
            sheet.wrong.setdefault(policy_form.field_of(way), []).extend(flaws)
        return None
    sheet.wanted, sheet.ahead = found, preview(drafted(present, found), datetime.now(UTC))
    return _save(request, sheet, asked) if saves and request.POST.get("shown") == found.sign else None


def _save(request: HttpRequest, sheet: _Sheet, asked: dict[str, Any]) -> HttpResponse | None:
    system, name = sheet.present.system.name, sheet.present.name
    try:
        actions.put_policy(system, name, asked, actor=actor(request), seen=sheet.present.seen)
    except actions.Overtaken:
        sheet.overtaken = True
        return None
    messages.success(request, _("%(name)s is saved.") % {"name": f"{system}/{name}"})
    return redirect("backuppolicy", system, name)


def _context(sheet: _Sheet, systems: Sequence[System], live: bool) -> dict[str, Any]:
    present, ahead, changes = sheet.present, sheet.ahead, sheet.wanted.changes if sheet.wanted else {}
    system = present.system
    meant = Policy.model_validate(sheet.wanted.definition) if sheet.wanted else None
    parts = [one for one in queries.components(system.name) if kinds.backup_tool_for(one.kind)]
    stores = list(queries.stores().order_by("name"))
    return {
        "sheet": sheet, "system": system, "systems": systems, "live": live, "parts": parts, "stores": stores,
        "present": present, "wanted": sheet.wanted, "preview": ahead, "zone": system.timezone,
        "name": {"value": present.name, "flaws": sheet.wrong.get("name")},
        "groups": [(one, _rows(one, sheet)) for one in policy_form.groups(parts, stores, meant)],
        # Copies of something else, or by another tool, are thinned out together with those there are.
        "mixes": bool(ahead and ahead.copies and sheet.made and {"of", "tool"} & changes.keys()),
        "taken_up": bool(ahead and ahead.copies and not sheet.made),
        "kept": backups.copies(queries.policy(f"{system.name}/{present.name}")).count() if sheet.made else 0,
        "key": key_name(system.name, present.name),
    }  # fmt: skip


def _rows(group: policy_form.Group, sheet: _Sheet) -> list[dict[str, Any]]:
    """Each field with what it holds and what is wrong with it."""
    return [
        {"field": one, "value": sheet.asked[one.name], "flaws": sheet.wrong.get(one.name),
         "never": bool(one.never and sheet.asked[one.never])}
        for one in group.fields
    ]  # fmt: skip
