"""Flows against public event logs, where they are at hand: ``MAINSTAY_FLOW_LOGS`` names the folder that holds them.

``p2p-0.05-1.json.gz`` is the labelled purchase-to-pay log of github.com/guanwei49/BPAD, ``DomesticDeclarations.xes.gz``
the expense declarations of the BPI Challenge 2020 (doi:10.4121/uuid:3f422315-ed9d-4882-891f-e180b5b4feb5).
"""

import gzip
import json
import os
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import iterparse

import pytest

from mainstay.domain.flow import Picture, Stage, Step, analyse

LOGS = Path(os.environ.get("MAINSTAY_FLOW_LOGS", "/nowhere"))
BEGIN = 1_764_000_000.0
LATER, ALWAYS = BEGIN + 100, 1e10


def opened(name: str) -> gzip.GzipFile:
    if not (LOGS / name).exists():
        pytest.skip(f"the public log {name} is not here; MAINSTAY_FLOW_LOGS names its folder")
    return gzip.open(LOGS / name)


def path(text: str) -> list[Stage]:
    """``a > b? > c``: a question mark for what may be left out."""
    names = [name.strip() for name in text.split(">")]
    return [Stage(name.rstrip("?"), final=name is names[-1], optional=name.endswith("?")) for name in names]


ORDER = "> Create PO > Approve PO 1? > Approve PO 2? > Approve PO 3? > Release PO > Post GR > Post IR > Pay"
CART, REQUEST = path(f"Create SC > Purchase SC > Approve SC {ORDER}"), path(f"Create PR > Release PR {ORDER}")


@pytest.fixture(scope="module")
def purchases() -> list[dict[str, Any]]:
    with opened("p2p-0.05-1.json.gz") as log:
        return list(json.load(log)["cases"])


def label(case: dict[str, Any]) -> str:
    found = case["attributes"]["label"]
    return found if isinstance(found, str) else str(found["anomaly"])


def strayed(cases: list[dict[str, Any]]) -> set[str]:
    """The cases with a step off the path of their kind: bought from a cart, or on request."""
    steps: dict[bool, list[Step]] = {True: [], False: []}
    for case in cases:
        names = [event["name"] for event in case["events"]]
        steps[any(name.endswith("PR") for name in names)] += [
            Step(str(case["id"]), name, BEGIN + place) for place, name in enumerate(names)
        ]
    pictures = [analyse(CART, [], steps[False], LATER, ALWAYS), analyse(REQUEST, [], steps[True], LATER, ALWAYS)]
    return {one.case for picture in pictures for one in picture.detours}


def test_labelled_anomalies_stray_and_normal_cases_do_not(purchases: list[dict[str, Any]]) -> None:
    found = strayed(purchases)
    hit = Counter(label(case) for case in purchases if str(case["id"]) in found)
    assert Counter(map(label, purchases))["normal"] == 4729
    # 131 of 131 that were done late, early or again. Of 42 that left something out, 8 left out what comes first or
    # what may be left out. Another user, or an activity that is no state, is nothing that an order of states shows.
    assert hit == {"Late": 47, "Early": 38, "Rework": 46, "SkipSequence": 34}


def test_real_declarations_give_a_plausible_picture() -> None:
    stages = path(
        "Declaration SUBMITTED by EMPLOYEE > Declaration APPROVED by ADMINISTRATION? > "
        "Declaration APPROVED by BUDGET OWNER? > Declaration FINAL_APPROVED by SUPERVISOR > Request Payment > "
        "Payment Handled"
    )
    picture = _declarations(stages)
    assert Counter(one.backward for one in picture.detours) == {True: 282, False: 2}
    assert picture.moves[("Request Payment", "Payment Handled")] == 9911
    assert picture.throughput is not None
    assert 13 < picture.throughput * 24 < 14, "declarations paid a day"
    paying = picture.places[4].latency
    assert paying is not None
    assert 3 < paying[0] / 86400 < 4, "days from the request to the payment, median"


def _declarations(stages: list[Stage]) -> Picture:
    steps, case = [], ""
    with opened("DomesticDeclarations.xes.gz") as log:
        for _, node in iterparse(log):
            tag = node.tag.rpartition("}")[2]
            if tag == "trace":
                case = next(one.get("value", "") for one in node if one.get("key") == "concept:name")
                for event in (one for one in node if one.tag.endswith("event")):
                    facts = {one.get("key"): one.get("value", "") for one in event}
                    at = datetime.fromisoformat(facts["time:timestamp"]).timestamp()
                    steps.append(Step(case, facts["concept:name"], at))
                node.clear()
    return analyse(stages, [], steps, max(step.at for step in steps), ALWAYS)
