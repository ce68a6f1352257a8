"""The catalogue as a user writes it: one model a YAML mapping. Reading YAML and finding lines is elsewhere."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field

from mainstay.domain.backup_policy import Policy, Store
from mainstay.domain.document_forms import (
    Conditions,
    Daily,
    Day,
    Duration,
    Hours,
    Language,
    Mapping,
    Name,
    PackUse,
    Patterns,
    Text,
    listed,
)
from mainstay.domain.document_levels import Clocks, Grading, Wordings
from mainstay.domain.document_remedies import Remedy, RemedyName
from mainstay.domain.help_desk import Mailbox, address
from mainstay.domain.log_source import LogSource
from mainstay.domain.on_call import Escalated, Escalation, ResponseTeam, Rotation, Team, Vendor
from mainstay.domain.state import Category, Impact


class Objectives(Mapping):
    """What the business asks of a system. Availability in percent."""

    availability: float = Field(99.0, gt=0, le=100)
    rto: Duration = "4h"
    rpo: Duration = "24h"
    response: Duration = "3s"
    order_time: Duration = "24h"


class Component(Mapping):
    """A part of a system. Keys beyond these belong to the kind (``dsn``, ``url``, ``address`` …)."""

    model_config = ConfigDict(extra="allow", frozen=True)

    kind: Literal["host", "postgresql", "mariadb", "sqlite", "http", "queue", "network", "payment-channel", "other"]
    title: Text = ""
    depends_on: list[Name] = []
    packs: list[PackUse] = []
    logs: list[LogSource] = Field([], max_length=5, description="where it writes what happens to it")
    vendor: Name | None = Field(None, description="who is called for it, and by which contract")


class Probe(Mapping):
    """What a check looks at; keys beyond these are the probe kind's own settings."""

    model_config = ConfigDict(extra="allow", frozen=True)

    kind: Name
    on: Name | None = None


class Check(Mapping):
    """One thing that can be wrong, and when it counts as wrong."""

    title: Text = ""
    probe: Probe
    every: Duration = "1m"
    timeout: Duration = "10s"
    warn: Conditions = []
    crit: Conditions = []
    during: Hours = ""
    failures: int = Field(2, ge=1, le=100, description="looks that must fail in a row before the check is critical")
    missing: Duration | None = Field(
        None, description="no sample for this long is judged unknown; 3 × every by default"
    )
    flapping: bool = Field(True, description="damp a state that changes too often")
    category: Category = Category.SYSTEM
    impact: Impact = Impact.DEGRADED
    explained_by: list[str] = Field([], description="checks of the same system whose failing explains this one's")
    evidence: int = Field(100, ge=0, le=1000, description="offending rows that are kept")
    mask: list[str] = Field([], description="columns whose values are never shown or kept")
    help: Text = Field("", description="what to do when this check is not ok")
    enabled: bool = Field(True, description="false: leave out a pack's check that does not suit")


class Selection(Mapping):
    """Which checks: every key that is given must fit; of a list any. ``*`` and ``?`` stand for what one likes."""

    kind: Patterns = Field([], description="the probe's kind")
    pack: Patterns = []
    category: Annotated[list[Category], BeforeValidator(listed)] = []
    component: Patterns = []
    component_kind: Patterns = []
    name: Patterns = []


class InspectionSection(Mapping):
    """A part of the inspection sheet."""

    title: Text = ""
    nothing: Text = Field("", description="what to say when nothing stands behind it; empty: it is left out")
    order: list[Name] = Field([], description="these items first, in this order")
    hide: bool = False


class InspectionItem(Mapping):
    """An item of the inspection sheet: a line for each check that it selects. What is not said stays as it was."""

    section: Name | None = None
    title: Text = ""
    checks: Selection | None = None
    metric: str | None = Field(None, description="the value that is shown; without one each check's own")
    optional: bool | None = Field(None, description="true: left out when no check stands behind it")
    hide: bool = False


class InspectionPart(Mapping):
    """What a pack adds to the sheets of the systems that use it."""

    sections: dict[Name, InspectionSection] = {}
    items: dict[Name, InspectionItem] = {}


class Inspection(InspectionPart):
    """A system's daily inspection: what differs from the sheet that comes with Mainstay and from its packs."""

    schedule: Daily = Field("30 8 * * *", description="cron, once a day, on the system's clocks; empty: by hand only")
    late: Duration = Field(
        "4h", description="a sheet that is not signed so long after it was made is announced as late"
    )
    escalate: list[Name] = Field([], description="channels told, once, of a sheet that goes on waiting after that")
    escalate_after: Duration = Field("4h", description="how long after it should have been signed")
    tell: list[Name] = Field([], description="channels that hear of every sheet made, signed or refused")
    order: list[Name] = Field([], description="these sections first, in this order")


class System(Mapping):
    """A business system under care: one YAML file."""

    system: Name
    title: Text = ""
    tier: Literal[1, 2, 3] = 2
    timezone: str = "UTC"
    hours: Hours = Field("", description="business hours; empty means always")
    calendar: Name | None = None
    currency: str = Field("", max_length=3)
    owner: str = Field("", max_length=200)
    objectives: Objectives = Objectives()
    components: dict[Name, Component] = {}
    checks: dict[Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]{0,126}$")], Check] = {}
    status_page: bool = Field(False, description="true: its state is shown on the public page /status/")
    notify: list[Name] = Field([], description="channels told of this system's incidents; empty means all channels")
    inspection: Inspection = Inspection()
    backups: dict[Name, Policy] = {}
    escalation: Escalated | None = Field(None, description="who is called, one after the other, of its incidents")
    response_team: ResponseTeam = ResponseTeam()
    vendor: Name | None = Field(None, description="who is called for all of it, and by which contract")
    users: Annotated[int, Field(ge=0)] | Name = Field(
        0, description="how many people use it: a number, or the check whose largest value of the last day says so"
    )
    grading: Grading = {}
    clocks: Clocks = {}
    words: Wordings = {}
    remedies: dict[RemedyName, Remedy] = Field({}, description="what mends known faults by itself, once it is allowed")


class Channel(Mapping):
    """A way to tell somebody. Keys beyond these belong to the kind."""

    model_config = ConfigDict(extra="allow", frozen=True)

    kind: Name
    language: Language = "en"
    levels: list[Literal[1, 2, 3]] = [1, 2, 3]
    categories: list[Category] = Field([], description="of incidents; empty means all")
    systems: list[Name] = Field([], description="empty means all")


def _mail_address(text: str) -> str:
    return address(text) if text else ""


class HelpDesk(Mapping):
    """How users reach the people who help: its mail address, and the channel by which they are written to."""

    address: Annotated[str, AfterValidator(_mail_address)] = Field(
        "", description="where users write; answers to our letters go there"
    )
    channel: Name | None = Field(None, description="of the kind smtp; the first one by name where none is said")
    imap: Mailbox | None = Field(None, description="where the mail to the address arrives")
    every: Duration = Field("1m", description="how often the mailbox is read")


class Calendar(Mapping):
    """Days that differ from the week's pattern: ISO dates."""

    holidays: list[Day] = []
    workdays: list[Day] = Field([], description="weekend days that are worked")


class Shared(Mapping):
    """What is not one system's: channels, calendars, stores, the help desk, who is on call, and how incidents of all
    systems are graded, timed and told. Any number of such files is merged."""

    channels: dict[Name, Channel] = {}
    calendars: dict[Name, Calendar] = {}
    stores: dict[Name, Store] = {}
    help_desk: HelpDesk | None = None
    teams: dict[Name, Team] = {}
    rotations: dict[Name, Rotation] = {}
    escalations: dict[Name, Escalation] = {}
    vendors: dict[Name, Vendor] = {}
    grading: Grading = {}
    clocks: Clocks = {}
    words: Wordings = {}


class Parameter(Mapping):
    """A number or word of a pack that a user may set by name."""

    default: str | int | float | bool
    title: Text = ""


class Totals(Mapping):
    """Control totals of a copy: what the live system and a restored copy of it must agree upon.

    Each is one SELECT that gives one number or text; ``{file: name.sql}`` takes it from a file.
    """

    on: str = Field("$(self)", description="the component whose copies they are about")
    queries: dict[Name, str | dict[Literal["file"], str]]


class Pack(Mapping):
    """Reusable checks for one product. ``$(name)`` in any string is a parameter; ``$(self)`` the component.

    A check is a plain mapping here: it is only a ``Check`` when its parameters are filled in (``domain/pack.py``).
    """

    pack: Name
    title: Text
    kinds: list[str] = Field(description="component kinds that it fits")
    parameters: dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")], Parameter] = {}
    checks: dict[Name, dict[str, Any]]
    inspection: InspectionPart = InspectionPart()
    totals: Totals | None = None
    columns: dict[str, Text] = Field({}, description="what columns of its queries are called")
    remedies: dict[Name, dict[str, Any]] = Field(
        {}, description="remedies for these checks; one that says needs: is there when those parameters are given"
    )
