"""A check's page and its rows name and draw the metric that the judge takes, in whatever order its numbers are kept."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from mainstay.catalogue.kinds import title
from mainstay.catalogue.models import Check, System
from mainstay.domain.actor import Role
from mainstay.domain.chunk import Batch
from mainstay.domain.metric import own_metric
from mainstay.inspection.actions import run_by_hand
from mainstay.inspection.models import Line
from mainstay.monitoring.actions import store_samples
from mainstay.monitoring.models import Series, Standing
from mainstay.monitoring.queries import last_values
from mainstay.web.frames import FRAMES
from tests.faces.test_web import ROOT, person

HOST = {"memory": ("%", 41.0), "load": ("1", 0.5), "disk": ("%", 93.0), "cpu": ("%", 72.0)}
"""In an order in which nobody would look for the primary one, ``cpu``."""
Watched = Callable[..., Check]


@pytest.fixture
def watched() -> Watched:
    """A check of a kind with these numbers, seen a minute ago; ``message`` is what it complains of."""

    def made(
        name: str, kind: str, numbers: dict[str, tuple[str, float]], message: Any = None, **document: Any
    ) -> Check:
        now = datetime.now(UTC)
        system, _ = System.objects.get_or_create(name="shop", defaults={"title": {"en": "Shop"}})
        check = Check.objects.create(
            system=system, name=name, kind=kind, every=60, category="business" if kind == "sql" else "system",
            impact="degraded", document={"timeout": "5s", "warn": [], "crit": [], **document},
        )  # fmt: skip
        Standing.objects.create(
            check_of=check, state="warning" if message else "ok", message=message or {}, since=now, looked_at=now,
            updated_at=now,
        )  # fmt: skip
        keys = [Series.objects.create(check_of=check, metric=key, unit=unit).pk for key, (unit, _) in numbers.items()]
        at = (now - timedelta(minutes=1)).timestamp()
        values = np.array([value for _, value in numbers.values()])
        store_samples(Batch(np.array(keys, np.uint32), np.full(len(keys), at), values))
        return check

    return made


def page(name: str) -> str:
    return person(Role.VIEWER).get(f"/systems/shop/checks/{name}/").content.decode()


def drawn(text: str) -> list[str]:
    """The metric whose chart it is, drawn for three widths."""
    found = re.findall(r'class="chart"[^>]*aria-label="([^:"]*):', text)
    assert found == found[:1] * 3
    return found[:1]


@pytest.mark.django_db
def test_a_bare_condition_is_about_what_the_judge_takes(watched: Watched) -> None:
    watched("host", "host", HOST, warn=["> 80% for 5m"])
    text = page("host")
    assert "processor use above 80 % for 5m" in text
    assert drawn(text) == ["processor use"]
    assert text.count('class="limit limit-warning"') == len(FRAMES)
    assert re.findall(r'aria-current="true">([\w ]+) 72 %', text) == ["processor use"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("kind", "numbers", "document", "opens", "limits"),
    [
        ("transaction", {"total": ("s", 0.9), "sign_in": ("s", 0.2), "read_order": ("s", 0.7)},
         {"crit": ["read_order > 1s"]}, "read_order", 1),
        ("host", HOST, {"warn": ["disk > 85%"], "crit": ["disk > 95%"]}, "disk", 2),
        ("sql", {"waiting": ("1", 4.0), "rows": ("1", 1.0), "seconds": ("s", 0.1)}, {"warn": ["< 5"]}, "waiting", 1),
        ("host", HOST, {}, "cpu", 0),
        ("host", {"memory": ("%", 41.0)}, {"warn": ["> 80%"]}, "memory", 0),
    ],
    ids=["a step of it", "another than its first", "the first that came", "nothing judged", "not measured yet"],
)  # fmt: skip
def test_it_opens_on_what_it_is_about(
    watched: Watched,
    kind: str,
    numbers: dict[str, tuple[str, float]],
    document: dict[str, Any],
    opens: str,
    limits: int,
) -> None:
    watched("one", kind, numbers, **document)
    text = page("one")
    assert drawn(text) == [title(kind, opens)]
    assert text.count('<path class="limit ') == limits * len(FRAMES)


@pytest.mark.django_db
def test_it_opens_on_what_it_complains_of_and_on_what_is_asked_for(watched: Watched) -> None:
    watched("host", "host", HOST, {"metric": "load", "value": 9.0, "condition": "load > 8"}, warn=["disk > 95%"])
    who = person(Role.VIEWER)
    assert drawn(who.get("/systems/shop/checks/host/").content.decode()) == ["load per processor"]
    assert drawn(who.get("/systems/shop/checks/host/?metric=memory").content.decode()) == ["memory in use"]


@pytest.mark.django_db
def test_rows_and_the_sheet_show_the_same_metric(watched: Watched) -> None:
    disk = watched("host.disk", "host", HOST, warn=["disk > 95%"])
    watched("host.cpu", "host", HOST, warn=["> 90%"])
    watched("orders", "sql", {"waiting": ("1", 4.0), "rows": ("1", 1.0)}, warn=["< 5"])
    who = person(Role.VIEWER)
    text = who.get("/systems/shop/").content.decode()
    shown = re.findall(r'<td class="num"><span class="dim small">([\w ]+)</span> ([^<]+)</td>', text)
    assert sorted(shown) == [("fullest disk", "93 %"), ("processor use", "72 %"), ("waiting", "4")]
    assert re.search(r'<span class="dim small">waiting</span> 4<', who.get("/data/?view=rules").content.decode())
    sheet = run_by_hand("shop", actor=ROOT)
    assert ("disk", 93.0) in Line.objects.filter(sheet=sheet, check_of=disk).values_list("metric", "value")
    assert list(Line.objects.filter(sheet=sheet, check_of__name="orders").values_list("metric", flat=True)) == [
        "waiting"
    ], "of a kind whose metrics the target names it is the first"


@pytest.mark.parametrize(
    ("measured", "primary", "limits", "complaint", "own"),
    [
        ("cpu disk", "cpu", ["disk > 1", "> 2"], "disk", "disk"), ("cpu disk", "cpu", ["disk > 1"], "", "disk"),
        ("cpu disk", "cpu", ["> 2", "disk > 1"], "", "cpu"), ("disk cpu", "cpu", [], "", "cpu"),
        ("disk load", "cpu", ["> 2"], "", ""), ("cpu", "cpu", [], "gone", "cpu"), ("", "cpu", ["> 2"], "", ""),
    ],
)  # fmt: skip
def test_the_metric_that_stands_for_a_check(
    measured: str, primary: str, limits: list[str], complaint: str, own: str
) -> None:
    assert own_metric(measured.split(), primary, limits, complaint) == own


@pytest.mark.django_db
@pytest.mark.parametrize("ids", [[1, 900], list(range(1, 80))], ids=["a list", "a span"])
def test_the_order_of_metrics_is_asked_for(ids: list[int]) -> None:
    """A database keeps rows in any order; what came first is the lowest number."""
    with CaptureQueriesContext(connection) as asked:
        last_values(ids)
    assert asked[0]["sql"].endswith("ORDER BY 1 ASC"), "the first column, which is the key"
