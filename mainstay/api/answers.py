"""The shapes of ``rows.py``, as the OpenAPI document shows them."""

from datetime import datetime
from typing import Any, Literal

from ninja import Schema
from pydantic import ConfigDict, Field

Words = dict[str, str]
"""Language → words."""
Data = dict[str, Any]
StateName = Literal["ok", "warning", "critical", "unknown"]
CategoryName = Literal["system", "data", "business"]
RoleName = Literal["none", "viewer", "operator", "approver", "administrator"]


class System(Schema):
    """A business system; ``checks`` is how many are in each state."""

    name: str
    title: Words
    tier: int
    timezone: str
    owner: str
    objectives: Data
    source: str
    state: StateName
    checks: dict[StateName, int]


class Component(Schema):
    """A part of a system."""

    system: str
    name: str
    title: Words
    kind: str
    depends_on: list[str]


class Channel(Schema):
    """A way to tell somebody."""

    name: str
    kind: str
    language: str


class Secret(Schema):
    """A named value that ``${NAME}`` fills in; the value itself is never given back."""

    name: str
    set_at: datetime
    set_by: str


class Standing(Schema):
    """How a check stands."""

    path: str
    state: StateName
    since: datetime | None
    looked_at: datetime | None
    flapping: bool
    why: str
    message: Data


class Check(Standing):
    """A check and how it stands; ``every``, ``timeout`` and ``hold`` in seconds."""

    system: str
    component: str | None
    name: str
    title: Words
    kind: str
    category: CategoryName
    impact: Literal["outage", "degraded", "risk"]
    pack: str
    every: float
    timeout: float
    hold: float


class Value(Schema):
    """The newest sample of a metric."""

    at: datetime
    value: float | None
    unit: str


class WholeCheck(Check):
    """A check with its definition and its newest values."""

    definition: Data
    values: dict[str, Value]


class Samples(Schema):
    """Points of a chart: seconds since 1970 UTC, then the lowest, mean and highest value around that time."""

    metric: str
    columns: list[str]
    points: list[list[float | None]]


class Change(Schema):
    """A check's way from one state to another."""

    check: str
    at: datetime
    before: StateName
    after: StateName
    message: Data
    why: str
    evidence: Data
    muted: str


class Flow(Schema):
    """A flow's picture: stages, stuck cases, throughput. Null before the first look, and for what is no flow."""

    at: datetime | None
    picture: Data | None


class Address(Schema):
    """Where a heartbeat's job reports."""

    url: str


class Mute(Schema):
    """Judged on, but nobody is told."""

    model_config = ConfigDict(populate_by_name=True)

    id: int
    system: str
    component: str | None
    check: str | None
    reason: str
    by: str
    since: datetime = Field(alias="from")
    until: datetime


class Sent(Schema):
    """What became of a notice. ``recipient``: person:alice or vendor:acme, when it is for him alone and not for all
    that the channel tells; a person's chat has no channel."""

    id: int
    channel: str
    recipient: str
    attempts: int
    sent_at: datetime | None
    given_up_at: datetime | None
    outcome: str


class Delivery(Sent):
    """A notice on its way to one channel. ``key`` goes out with it, so that a copy is known."""

    notice: str
    incident: int | None
    word: str
    key: str
    at: datetime
    due_at: datetime


class Notice(Schema):
    """Something that people shall be told."""

    key: str
    incident: int | None
    word: str
    at: datetime
    data: Data
    deliveries: list[Sent]


class Person(Schema):
    """Somebody who may sign in. ``systems``: the role on single systems, in place of the general one."""

    username: str
    email: str
    role: RoleName
    systems: dict[str, RoleName]
    active: bool
    invited: bool
    second_factor: bool
    last_sign_in: datetime | None


class Invited(Person):
    """Somebody to whom a link went out; or, when none could, the link itself, this once, and why."""

    sent: bool
    reason: str
    link: str | None


class Session(Schema):
    """Where somebody is signed in."""

    id: int
    agent: str
    address: str
    opened_at: datetime
    seen_at: datetime


class Ended(Schema):
    """How many sessions ended."""

    ended: int


class Token(Schema):
    """Lets a program in."""

    id: str
    name: str
    role: RoleName
    systems: dict[str, RoleName]
    scopes: list[str] | None
    created_at: datetime
    created_by: str
    expires_at: datetime
    used_at: datetime | None
    revoked_at: datetime | None


class NewToken(Token):
    """A token and its text, which is shown this once."""

    token: str


class Record(Schema):
    """Who did what; ``digest`` covers this record and the one before."""

    number: int
    at: datetime
    actor: str
    act: str
    object: str
    data: Data
    digest: str


class Verdict(Schema):
    """Whether the audit trail is as it was written; ``head`` is the newest digest."""

    whole: bool
    records: int
    head: str
    broken_at: int | None
    reason: str


class Flaw(Schema):
    """What is wrong in a catalogue, where, and what would be right."""

    file: str
    line: int
    column: int
    where: str
    what: str
    right: str
    level: Literal["error", "warning"]


class Difference(Schema):
    """What happens to one object of the catalogue."""

    act: Literal["created", "changed", "retired", "restored"]
    kind: str
    name: str
    changes: list[Data]


class Process(Schema):
    """A process of Mainstay's own, and when it was last heard of."""

    name: str
    at: datetime
    started_at: datetime
    facts: Data


class Health(Schema):
    """Whether Mainstay itself lives; ``silent`` names the kinds of process that should and do not."""

    version: str
    ok: bool
    silent: list[str]
    processes: list[Process]


class Version(Schema):
    """Which version this is."""

    version: str


class Revision(Schema):
    """One change of the catalogue; ``summary`` names the objects, the first 500 of them."""

    number: int
    at: datetime
    by: str
    summary: list[Data]
