"""Data: what the business data itself says. Rules with their findings, and flows with their cases."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse

from mainstay.catalogue import queries as catalogue
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
    found = {"findings": _findings, "rules": _rules, "flows": _flows, "cases": _cases}[view](wanted)
    context = {
        **lists.shown(request, _sorted(found, sort)), **wanted, "sort": sort, "sorts": SORTS[view],
        "view": view, "views": VIEWS, "systems": catalogue.systems(sight), "states": STATES,
    }  # fmt: skip
    return live(request, "data", context)


def _sorted(rows: list[dict[str, Any]], sort: str) -> list[dict[str, Any]]:
    """What is of one rank stays as it was: by system, or stuck cases first."""
    keys: dict[str, Callable[[dict[str, Any]], Any]] = {
        "worst": lambda row: -State(_state(row)).rank,
        "newest": lambda row: -row["standing"].since.timestamp(),
        "findings": lambda row: -(row["value"].value if row["value"] else -1),
        "name": lambda row: called(row["check"]).lower(),
        "amount": lambda row: -_money(row.get("amount", row.get("stuck_amount", 0))),
        "oldest": lambda row: -row["age"],
    }
    return sorted(rows, key=keys[sort]) if sort in keys else rows


def _rules(wanted: Wanted) -> list[dict[str, Any]]:
    """Every rule with how many findings it has now."""
    checks = [one for one in _checks(wanted).filter(category__in=("data", "business")) if one.kind in RULES]
    values = monitoring.last_values([one.pk for one in checks])
    rows = [
        {"check": one, "standing": getattr(one, "standing", None), "value": next(iter(values[one.pk].values()), None)}
        for one in checks
    ]
    return [row for row in rows if not wanted["state"] or _state(row) == wanted["state"]]


def _findings(wanted: Wanted) -> list[dict[str, Any]]:
    """The rules that are broken, each with the rows that break it."""
    broken = [row for row in _rules(wanted) if _state(row) != "ok" and row["standing"]]
    changes = monitoring.newest_changes([row["check"].pk for row in broken])
    return [{**row, "change": changes.get(row["check"].pk)} for row in broken]


def _flows(wanted: Wanted) -> list[dict[str, Any]]:
    return flows.drawn(_checks(wanted).filter(kind="flow"))


def _cases(wanted: Wanted) -> list[dict[str, Any]]:
    """Stuck cases first, by money; then the oldest that are still within their time."""
    rows = []
    for flow in _flows({**wanted, "text": ""}):
        picture = flow["picture"] or {"stuck": [], "oldest": []}
        rows += [{**case, "flow": flow["check"], "is_stuck": True} for case in flow["cases"]]
        others = [case for case in picture["oldest"] if case not in picture["stuck"]]
        rows += [{**flows.called(case, flow["titles"]), "flow": flow["check"]} for case in others]
    text = wanted["text"].lower()
    fitting = [row for row in rows if text in f"{row['case']} {row['state']} {row['actor']}".lower()]
    return sorted(fitting, key=lambda row: ("is_stuck" not in row, -_money(row["amount"]), -row["age"]))


def _money(amount: float | str) -> float:
    """Of an amount that was masked nothing is told by the order either."""
    return 0.0 if isinstance(amount, str) else amount


def _checks(wanted: Wanted) -> Any:
    found = catalogue.checks(wanted["system"] or None, wanted["sight"]).select_related("standing")
    return catalogue.named_like(found, wanted["text"]).order_by("system__tier", "system__name", "name")


def _state(row: dict[str, Any]) -> str:
    return row["standing"].state if row["standing"] else "unknown"
