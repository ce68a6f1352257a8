"""The shapes of ``diagnosis_rows.py``, as the OpenAPI document shows them."""

from datetime import datetime
from typing import Literal

from ninja import Schema

from mainstay.api.answers import Data, Words

RelationName = Literal["affected", "upstream", "host", "downstream"]
GroundName = Literal["fails", "needed", "first", "changed", "moved"]
EventKind = Literal["state", "catalogue", "deployment", "run", "backup", "restore", "incident", "notice"]


class Deployment(Schema):
    """A version was put to work, or, with an empty ``version``, something was changed, as ``note`` says. ``key``: the
    teller's own name of it."""

    id: int
    system: str
    component: str
    version: str
    at: datetime
    note: str
    url: str
    key: str
    told_at: datetime
    told_by: str


class DiagnosisReason(Schema):
    """Why a component is held for the root, what that weighs, and in words."""

    ground: GroundName
    weight: float
    said: str


class DiagnosisSuspect(Schema):
    """A component that may be the root. ``explained_by``: what it depends on and showed a sign no later, if anything
    did; ``against`` says so in words."""

    component: str
    weight: float
    explained_by: str | None
    against: str
    reasons: list[DiagnosisReason]


class DiagnosisPart(Schema):
    """A component and what it has to do with the incident."""

    component: str
    relation: RelationName


class DiagnosisSignal(Schema):
    """A series that moved when the incident began. ``score``: spreads of its own past by which it moved, 100 at most;
    ``before``: the median of that past; ``during``: the value furthest from it."""

    check: str
    component: str | None
    metric: str
    unit: str
    relation: RelationName | None
    score: float
    moved_at: datetime
    before: float
    during: float


class DiagnosisEvent(Schema):
    """Something that happened; ``number`` is of the run, job, restore, deployment or revision that it is about."""

    at: datetime
    kind: EventKind
    component: str | None
    number: int
    said: str
    data: Data


class DiagnosisExhibit(Schema):
    """What a log or a database showed when the incident began. ``rows``: what runs, sessions, statements of one."""

    component: str
    kind: Literal["log", "sql"]
    source: str
    taken_at: datetime
    text: str
    rows: Data
    problem: str
    missing: list[str]


class DiagnosisPrinted(Schema):
    """What a check or a step of a runbook printed."""

    at: datetime
    source: str
    text: str


class DiagnosisUsers(Schema):
    """Who uses it. ``check``: whose value says how many people, where the catalogue names one; ``sessions``: who was
    signed in at its databases when the incident began."""

    components: list[str]
    people: int
    check: str
    sessions: list[Data]


class DiagnosisPast(Schema):
    """A past incident like it; ``why``: key (the same fault) or text (a title like it)."""

    incident: int
    system: str | None
    title: Words
    resolved_at: datetime | None
    why: Literal["key", "text"]
    ending: str
    runbooks: list[str]


class DiagnosisArticle(Schema):
    """An article of the knowledge base that fits."""

    id: int
    title: Words


class DiagnosisPlan(Schema):
    """An emergency plan in force of the system; ``why``: sees (it names a check that fails) or system."""

    name: str
    title: Words
    why: Literal["sees", "system"]


class DiagnosisRunbook(Schema):
    """A runbook that fits, and where it can be run."""

    name: str
    title: Words | str
    target: str
    why: Literal["past", "pack", "kind"]


class DiagnosisVendor(Schema):
    """Who is called, by which contract; ``part``: for which component, empty for the whole system."""

    name: str
    part: str
    contract: Data


class Diagnosis(Schema):
    """All that is on record about why an incident came about. ``clear``: the first suspect stands out."""

    incident: int
    start: datetime
    end: datetime
    clear: bool
    suspects: list[DiagnosisSuspect]
    parts: list[DiagnosisPart]
    looked_at: int
    signals: list[DiagnosisSignal]
    events: list[DiagnosisEvent]
    examined_at: datetime | None
    exhibits: list[DiagnosisExhibit]
    printed: list[DiagnosisPrinted]
    users: DiagnosisUsers
    past: list[DiagnosisPast]
    articles: list[DiagnosisArticle]
    plans: list[DiagnosisPlan]
    runbooks: list[DiagnosisRunbook]
    vendors: list[DiagnosisVendor]
