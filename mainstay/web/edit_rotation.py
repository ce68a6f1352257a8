"""Making, changing and retiring a rotation: its layers, and beside them at once who would be on call."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from zoneinfo import available_timezones

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from mainstay.catalogue import actions, queries
from mainstay.catalogue.editing import Proposal
from mainstay.catalogue.editing_backups import flaws_by_key
from mainstay.catalogue.editing_rotations import RotationWriting, rotation_proposal, rotation_writing
from mainstay.catalogue.sources import Invalid, LocatedFlaw
from mainstay.domain.on_call import Rotation
from mainstay.domain.yaml_node import Flaw
from mainstay.on_call.queries import AHEAD, drafted, reachable
from mainstay.web import changing, duty, rotation_form
from mainstay.web.access import actor, me, or_404, page

AHEAD_SHOWN = 2 * AHEAD
"""What the page looks ahead: four weeks."""


@dataclass(slots=True)
class _Sheet:
    """What the page shows of one try. ``made``: there is such a rotation already, and it is changed."""

    present: RotationWriting
    asked: dict[str, Any]
    made: bool
    wrong: dict[str, list[Flaw]] = field(default_factory=dict)
    rest: list[LocatedFlaw] = field(default_factory=list)
    overtaken: bool = False
    wanted: Proposal | None = None


@page("catalogue.apply")
def new(request: HttpRequest) -> HttpResponse:
    """An empty form; its name is part of it."""
    name = request.POST.get("name", "").replace("\0", "").strip()[:63]
    return _answer(request, _Sheet(rotation_writing(name), rotation_form.values({}), made=False))


@page("catalogue.apply")
def edit(request: HttpRequest, name: str) -> HttpResponse:
    """The form of one that is there."""
    present = _there(name)
    return _answer(request, _Sheet(present, rotation_form.values(present.own), made=True))


@page("catalogue.apply")
@require_POST
def retire(request: HttpRequest, name: str) -> HttpResponse:
    """Not while an escalation or a response team calls it; what was done by it stays on record."""
    _there(name)
    return redirect("on-call") if changing.retire(request, "rotation", name) else redirect("rotation-edit", name)


def _there(name: str) -> RotationWriting:
    or_404(lambda: queries.arrangements("rotation").get(name=name))
    return rotation_writing(name)


def _answer(request: HttpRequest, sheet: _Sheet) -> HttpResponse:
    """A try is shown with what would come of it, and only what was shown is saved. While somebody types, a fragment
    with the same is asked for."""
    live = bool(request.headers.get("HX-Request"))
    if request.method == "POST":
        sheet.asked = _arranged(rotation_form.typed(request.POST), "" if live else request.POST.get("do", ""))
        sheet.overtaken = request.POST.get("seen") != sheet.present.seen and (sheet.made or not sheet.present.own)
        saves = request.POST.get("do") == "save" and not live and not sheet.overtaken
        if (done := _try(request, sheet, saves=saves)) is not None:
            return done
    elif sheet.made:
        sheet.wanted = rotation_proposal(sheet.present, sheet.present.own)
    return render(request, "parts/rotation_try.html" if live else "rotation_edit.html", _context(request, sheet, live))


def _arranged(asked: dict[str, Any], do: str) -> dict[str, Any]:
    """One layer more, or one moved up, where that was asked for."""
    if do == "layer":
        return rotation_form.one_more(asked)
    way, _dash, number = do.partition("-")
    return rotation_form.moved_up(asked, int(number)) if way == "up" and number.isdecimal() else asked


def _try(request: HttpRequest, sheet: _Sheet, *, saves: bool) -> HttpResponse | None:
    """What came of it where it is saved."""
    present, said = sheet.present, rotation_form.wanted(sheet.asked, sheet.present.own)
    if not present.name or (present.own and not sheet.made):
        words = _("A rotation of that name is there already.") if present.name else _("Give it a short name.")
        sheet.wrong["name"] = [Flaw(1, 1, "", words)]
        return None
    try:
        sheet.wanted = rotation_proposal(present, said)
        if saves and request.POST.get("shown") == sheet.wanted.sign:
            actions.put_rotation(present.name, said, actor=actor(request), seen=present.seen)
            messages.success(request, _("%(name)s is saved.") % {"name": present.name})
            return redirect("on-call")
    except actions.Overtaken:
        sheet.overtaken = True
    except Invalid as error:
        wrong, sheet.rest = flaws_by_key(error, "rotations", present.name)
        for way, flaws in wrong.items():
            sheet.wrong.setdefault(rotation_form.field_of(way, sheet.asked), []).extend(flaws)
    return None


def _context(request: HttpRequest, sheet: _Sheet, live: bool) -> dict[str, Any]:
    calendars = list(queries.calendars().values_list("name", flat=True))
    teams = list(queries.arrangements("team").values_list("name", flat=True))
    return {
        "sheet": sheet, "present": sheet.present, "wanted": sheet.wanted, "live": live,
        "general": _rows(rotation_form.general(calendars, teams), sheet),
        "layers": [(group, _rows(group.fields, sheet)) for group in rotation_form.layers(sheet.asked)],
        "more": rotation_form.count(sheet.asked) < rotation_form.MOST,
        "people": sorted(reachable()), "zones": sorted(available_timezones()) if not live else (),
        "users": queries.users("rotation").get(sheet.present.name, []) if sheet.made else [],
        **(_ahead(request, sheet.present.name, sheet.wanted) if sheet.wanted else {}),
    }  # fmt: skip


def _ahead(request: HttpRequest, name: str, wanted: Proposal) -> dict[str, Any]:
    """Four weeks day by day, when nobody would be on call, and who could not be reached."""
    now, rota = datetime.now(UTC), drafted(name, Rotation.model_validate(wanted.definition))
    known = reachable()
    return {
        "rota": rota, "days": duty.days(rota, now, AHEAD_SHOWN.days, me(request).username),
        "gaps": duty.gaps({name: rota}, now, AHEAD_SHOWN),
        "strangers": [one for one in rota.people if one not in known],
    }  # fmt: skip


def _rows(fields: Any, sheet: _Sheet) -> list[dict[str, Any]]:
    """Each field with what it holds and what is wrong with it."""
    return [{"field": one, "value": sheet.asked[one.name], "flaws": sheet.wrong.get(one.name)} for one in fields]
