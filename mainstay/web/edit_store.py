"""Making, changing and retiring a store: its kind's own settings, what would change, and what lies in it."""

from dataclasses import dataclass, field
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from mainstay.backups.queries.overview import copies_in, stores_used
from mainstay.catalogue import actions, editing_backups, kinds, queries
from mainstay.catalogue.editing import Proposal
from mainstay.catalogue.editing_backups import StoreWriting
from mainstay.catalogue.sources import Invalid, LocatedFlaw
from mainstay.domain.yaml_node import Flaw
from mainstay.web import changing, store_form
from mainstay.web.access import actor, or_404, page


@dataclass(slots=True)
class _Sheet:
    """What the page shows of one try. ``made``: there is such a store already, and it is this one that is changed."""

    present: StoreWriting
    kind: str
    made: bool
    asked: dict[str, Any]
    wrong: dict[str, list[Flaw]] = field(default_factory=dict)
    rest: list[LocatedFlaw] = field(default_factory=list)
    overtaken: bool = False
    wanted: Proposal | None = None


@page("catalogue.apply")
def new(request: HttpRequest) -> HttpResponse:
    """Choose its kind; then the form of a new one."""
    given = request.POST if request.method == "POST" else request.GET
    kind, name = given.get("kind", ""), given.get("name", "").replace("\0", "").strip()[:63]
    if kind not in kinds.store_kinds():
        return render(request, "store_edit.html", {"kinds": _kinds()})
    asked = store_form.values(kind, {})
    return _answer(request, _Sheet(editing_backups.store_writing(name), kind, made=False, asked=asked))


@page("catalogue.apply")
def edit(request: HttpRequest, name: str) -> HttpResponse:
    """The form of one that is there."""
    kind = or_404(lambda: queries.store(name)).kind
    if kind not in kinds.store_kinds():
        messages.error(request, _("There is no such kind of store in this installation."))
        return redirect("backups")
    present = editing_backups.store_writing(name)
    return _answer(request, _Sheet(present, kind, made=True, asked=store_form.values(kind, present.own)))


@page("catalogue.apply")
@require_POST
def retire(request: HttpRequest, name: str) -> HttpResponse:
    """Not while a policy names it; what lies in it stays."""
    or_404(lambda: queries.store(name))
    return redirect("backups") if changing.retire(request, "store", name) else redirect("store", name)


def _answer(request: HttpRequest, sheet: _Sheet) -> HttpResponse:
    """A try is shown with what it would change, and only what was shown is saved."""
    if request.method == "POST":
        sheet.asked = store_form.typed(sheet.kind, request.POST)
        sheet.overtaken = request.POST.get("seen") != sheet.present.seen
        _look_over(sheet)
        if not sheet.wrong and _try(request, sheet):
            return redirect("backups")
    return render(request, "store_edit.html", _context(sheet))


def _look_over(sheet: _Sheet) -> None:
    """What the catalogue cannot know: that a new one shall be new, and that a secret is never typed here."""
    name = sheet.present.name
    if not name or (sheet.present.own and not sheet.made):
        words = _("A store of that name is there already.") if name else _("Give it a short name.")
        sheet.wrong["name"] = [Flaw(1, 1, "", words)]
    for key in store_form.no_names(sheet.kind, sheet.asked):
        right = _("set it under Settings, Secrets, and write its name here")
        sheet.wrong[key] = [Flaw(1, 1, key, _("this is not the name of a secret"), right)]
        sheet.asked[key] = ""


def _try(request: HttpRequest, sheet: _Sheet) -> bool:
    """Whether it is saved."""
    name, said = sheet.present.name, store_form.wanted(sheet.kind, sheet.asked)
    try:
        sheet.wanted = editing_backups.store_proposal(sheet.present, said)
        if request.POST.get("do") == "save" and request.POST.get("shown") == sheet.wanted.sign and not sheet.overtaken:
            actions.put_store(name, said, actor=actor(request), seen=sheet.present.seen)
            messages.success(request, _("%(name)s is saved.") % {"name": name})
            return True
    except actions.Overtaken:
        sheet.overtaken = True
    except Invalid as error:
        wrong, sheet.rest = editing_backups.flaws_by_key(error, "stores", name)
        for way, flaws in wrong.items():
            first = way.partition(".")[0]
            sheet.wrong.setdefault({"": "name", "title": "title_en"}.get(first, first), []).extend(flaws)
    return False


def _context(sheet: _Sheet) -> dict[str, Any]:
    name, wanted = sheet.present.name, sheet.wanted
    lying = copies_in(name) if sheet.made else 0
    return {
        "sheet": sheet, "present": sheet.present, "kinds": _kinds(), "kind": sheet.kind, "wanted": wanted,
        "title": store_form.kind_title(sheet.kind), "name_flaws": sheet.wrong.get("name"),
        "rows": [{"field": one, "value": sheet.asked[one.name], "flaws": sheet.wrong.get(one.name)}
                 for one in store_form.fields(sheet.kind)],
        "used": stores_used().get(name, []) if sheet.made else [], "lying": lying,
        "moves": bool(lying and wanted and wanted.changes.keys() - {"title"}),
        "secrets": list(queries.secrets().values_list("name", flat=True)),
    }  # fmt: skip


def _kinds() -> list[tuple[str, str]]:
    return [(kind, store_form.kind_title(kind)) for kind in kinds.store_kinds()]
