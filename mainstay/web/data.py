"""Data: what the business data itself says. Rules with their findings, and flows with their cases."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse

from mainstay.catalogue import queries as catalogue
from mainstay.catalogue.models import Check
from mainstay.catalogue.naming import holds
from mainstay.domain.state import State
from mainstay.monitoring import queries as monitoring
from mainstay.web import flows, lists
from mainstay.web.access import page, visible
from mainstay.web.live import live
from mainstay.web.systems import STATES
from mainstay.web.templatetags.mainstay import called

SORTS = {
    "findings": ("system", "worst", "newest", "name"), "rules": ("system", "worst", "findings", "name"),
    "flows": ("system", "amount", "name"), "cases": ("stuck", "amount", "oldest"),
}  # fmt: skip
"""View → its orders, the usual one first."""
VIEWS = ("findings", "rules", "flows", "cases")
RULES = ("integrity", "sql")
DRAWINGS = 12
"""Flows on a page: each is a picture."""
Wanted = dict[str, Any]


@page("catalogue.read")
def data(request: HttpRequest) -> HttpResponse:
    """Four views of the same data: what is wrong, all rules, all flows, all cases that are stuck or oldest."""
    view = lists.chosen(request, "view", VIEWS, "findings")
    sight = visible(request)
    wanted: Wanted = {
        "sight": sight,
        "text": lists.words(request), "system": request.GET.get("system", ""),
        "state": lists.chosen(request, "state", STATES),
    }  # fmt: skip
    sort = lists.chosen(request, "sort", SORTS[view], SORTS[view][0])
    found = lists.shown(request, _in_order(view, sort, wanted), DRAWINGS if view == "flows" else lists.PER_PAGE)
    if view == "cases":
        found["page"].object_list = _of_flows(found["page"].object_list)
    elif sort not in _BY_ROW:
        found["page"].object_list = _told(view, found["page"].object_list)
    context = {
        **found, **wanted, "sort": sort, "sorts": SORTS[view],
        "view": view, "views": VIEWS, "systems": catalogue.systems(sight), "states": STATES,
    }  # fmt: skip
    return live(request, "data", context)


_BY_CHECK: dict[str, Callable[[Check], Any]] = {
    "worst": lambda check: -State(_state(check)).rank,
    "newest": lambda check: -check.standing.since.timestamp(),
    "name": lambda check: called(check).lower(),
}
_BY_ROW: dict[str, Callable[[dict[str, Any]], Any]] = {
    "findings": lambda row: -(row["value"].value if row["value"] else -1),
    "amount": lambda row: -_money(row.get("amount", row.get("stuck_amount", 0))),
    "oldest": lambda row: -row["age"],
    "stuck": lambda row: ("is_stuck" not in row, -_money(row["amount"]), -row["age"]),
}
"""Orders for which all rows must be made; for the others only those that are shown are. What is of one rank stays as it
was: by system, or stuck cases first."""


def _in_order(view: str, sort: str, wanted: Wanted) -> Sequence[Any] | QuerySet[Check]:
    """Checks in their order, or the rows themselves where the order asks for what only they hold."""
    if view == "cases":
        first, then = _BY_ROW[sort], _BY_ROW["stuck"]
        return sorted(_cases(wanted), key=then if sort == "stuck" else lambda row: (first(row), then(row)))
    checks = {"findings": _broken, "rules": _rules, "flows": _flows}[view](wanted)
    if sort in _BY_ROW:
        return sorted(_told(view, checks), key=_BY_ROW[sort])
    return sorted(checks, key=_BY_CHECK[sort]) if sort in _BY_CHECK else checks


def _told(view: str, checks: Iterable[Check]) -> list[dict[str, Any]]:
    """What a view shows of each check."""
    some = list(checks)
    keys = [one.pk for one in some]
    match view:
        case "findings":
            changes = monitoring.newest_changes(keys)
            return [{"check": one, "standing": one.standing, "change": changes.get(one.pk)} for one in some]
        case "rules":
            values = monitoring.last_values(keys)
            metrics = {key: monitoring.own_metric(one, values[key]) for key, one in zip(keys, some, strict=True)}
            return [
                {
                    "check": one, "standing": getattr(one, "standing", None),
                    "metric": metrics[one.pk], "value": values[one.pk].get(metrics[one.pk]),
                }
                for one in some
            ]  # fmt: skip
    return flows.drawn(some)


def _rules(wanted: Wanted) -> QuerySet[Check]:
    """Every rule; the page says how many findings it has now."""
    found = _checks(wanted).filter(category__in=("data", "business"), kind__in=RULES)
    if not wanted["state"]:
        return found
    here = Q(standing__state=wanted["state"])
    return found.filter(here | Q(standing=None) if wanted["state"] == State.UNKNOWN else here)


def _broken(wanted: Wanted) -> QuerySet[Check]:
    """The rules that are broken; the page shows the rows that break each."""
    return _rules(wanted).exclude(standing=None).exclude(standing__state=State.OK.value)


def _flows(wanted: Wanted) -> QuerySet[Check]:
    return _checks(wanted).filter(kind="flow")


def _cases(wanted: Wanted) -> list[dict[str, Any]]:
    """Those that are stuck, and the oldest that are still within their time. ``flow`` is the check's key: of thousands
    of cases one page is shown, and only its flows are read."""
    rows: list[dict[str, Any]] = []
    keys = list(_flows({**wanted, "text": ""}).values_list("pk", flat=True))
    found = monitoring.flow_cases(keys)
    for key in keys:
        stuck, oldest = found.get(key, ([], []))
        there = {case["case"] for case in stuck}
        rows += [{**case, "flow": key, "is_stuck": True} for case in stuck]
        rows += [{**case, "flow": key} for case in oldest if case["case"] not in there]
    return [row for row in _titled(rows) if _says(row, wanted["text"])] if wanted["text"] else rows


def _titled(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """With their states as people call them."""
    titles = monitoring.flow_titles({row["flow"] for row in rows})
    return [row if isinstance(row["state"], dict) else flows.called(row, titles.get(row["flow"], {})) for row in rows]


def _says(row: dict[str, Any], text: str) -> bool:
    return holds(f"{row['case']} {row['state']} {row['actor']}", text)


def _of_flows(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """The same with the flows themselves."""
    some = _titled(list(rows))
    checks = catalogue.checks().in_bulk({row["flow"] for row in some})
    return [{**row, "flow": checks[row["flow"]]} for row in some]


def _money(amount: float | str) -> float:
    """Of an amount that was masked nothing is told by the order either."""
    return 0.0 if isinstance(amount, str) else amount


def _checks(wanted: Wanted) -> QuerySet[Check]:
    found = catalogue.checks(wanted["system"] or None, wanted["sight"]).select_related("standing")
    return catalogue.named_like(found, wanted["text"]).order_by("system__tier", "system__name", "name")


def _state(check: Check) -> str:
    return check.standing.state if hasattr(check, "standing") else State.UNKNOWN.value
