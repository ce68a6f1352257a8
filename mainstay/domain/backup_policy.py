"""Backup policies and stores as a user writes them, and the defaults that come with Mainstay."""

import hashlib
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import ConfigDict, Field

from mainstay.domain.document_forms import Cron, Duration, Hours, Mapping, Name, Text

DataClass = Literal["finance", "other"]


Tool = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,31}$")]
"""The name of a tool's file."""


class Keep(Mapping):
    """How many copies stay: the newest, and the newest of each of the last so many days, ISO weeks, months and years
    (grandfather, father, son). The newest copy that was proved stays whatever is written here."""

    last: int = Field(3, ge=1, le=1000)
    daily: int = Field(14, ge=0, le=1000)
    weekly: int = Field(8, ge=0, le=1000)
    monthly: int = Field(12, ge=0, le=1000)
    yearly: int = Field(3, ge=0, le=100)


class Prove(Mapping):
    """When a copy is restored into a scratch place and looked through."""

    schedule: Cron | None = Field(None, description="cron; by default monthly; empty: not by schedule")
    after_each: bool | None = Field(None, description="after every backup too; by default for finance data")
    within: Duration = Field("35d", description="a policy whose last proof is older is warned of")
    rules: bool = Field(True, description="run the integrity rules and flows of the system on the restored copy")
    tables: list[str] = Field([], description="tables whose whole content is compared by checksum")
    start: list[str] = Field([], description="a program of the plugin directories that serves the restored copy")
    on: Name | None = Field(None, description="a component of kind host of this system, where it is done over SSH")
    room: float = Field(0.0, ge=0, description="GB that what is restored may take; 0: by the size of the copy")


class Policy(Mapping):
    """What is backed up, how, when, where it goes, and how long it stays."""

    of: Name = Field(description="the component")
    tool: Tool | None = Field(None, description="by default the first that fits the component's kind")
    dsn: str = Field("", description="an account of its own that may read everything; left out: the component's")
    on: Name | None = Field(None, description="tool pgbackrest: a component of kind host that has the server's files")
    title: Text = ""
    data: DataClass = Field("other", description="finance: a full copy each day and a proof of each; other: weekly")
    full: Cron | None = Field(None, description="cron, on the system's clocks; by default as its data asks for")
    incremental: Cron | None = Field(None, description="cron; by default as its data asks for; empty: none")
    window: Hours = Field("", description="a run begins only within these hours; empty: always")
    rate: float = Field(0.0, ge=0, description="MB/s towards a store at most; 0: no limit")
    deadline: Duration = Field("6h", description="a run that lasts longer is ended and counts as failed")
    stores: list[Name] = Field(min_length=1, max_length=2, description="the first, and the second site")
    keep: Keep = Keep()
    encrypt: bool = Field(True, description="false only where the tool can and the store is encrypted itself")
    prove: Prove = Prove()
    paths: list[str] = Field([], description="tool files: directories and files")
    exclude: list[str] = Field([], description="tool files: patterns to leave out")
    databases: list[str] = Field([], description="these of the server; by default the one that the component names")
    parallel: int = Field(2, ge=1, le=16, description="workers of the tool")
    watch: dict[str, str | int | float | bool] = Field({}, description="parameters of the pack backup")


class Store(Mapping):
    """A place for copies. Keys beyond these belong to the kind."""

    model_config = ConfigDict(extra="allow", frozen=True)

    kind: Name
    title: Text = ""


FILLED = ("dsn", "paths")
"""Keys of a policy that may hold ``${NAME}``."""


def same_database(one: str, other: str) -> bool:
    """Whether two addresses name a database alike; its host may be another, such as a standby's. What is no address
    that we can read is not judged."""
    ours, theirs = urlsplit(one), urlsplit(other)
    if not ours.scheme or not theirs.scheme:
        return True
    kinds = {"postgres": "postgresql", "mysql": "mariadb"}
    of = [(kinds.get(part.scheme, part.scheme), part.path.strip("/")) for part in (ours, theirs)]
    return of[0] == of[1]


_FULL = {"finance": "30 1 * * *", "other": "30 2 * * 0"}
_INCREMENTAL = {"finance": "", "other": "30 2 * * 1-6"}
_MONTHLY = "0 5 1 * *"


def key_name(system: str, policy: str) -> str:
    """The name of the secret that holds the key of a policy's repositories; 100 characters at most."""
    name = f"BACKUP_KEY_{system}__{policy}".upper().replace("-", "_")
    return name if len(name) <= 100 else f"{name[:91]}_{hashlib.sha256(name.encode()).hexdigest()[:8].upper()}"


def full_at(policy: Policy) -> str:
    """Cron of the full copies; finance data has one every day, other data one a week."""
    return _FULL[policy.data] if policy.full is None else policy.full


def incremental_at(policy: Policy) -> str:
    """Cron of the incremental copies; other data has one on the days without a full one."""
    if policy.incremental is not None:
        return policy.incremental
    return _INCREMENTAL[policy.data] if policy.full is None else ""


def prove_at(policy: Policy) -> str:
    """Cron of the proofs; monthly unless it is said otherwise."""
    return _MONTHLY if policy.prove.schedule is None else policy.prove.schedule


def prove_each(policy: Policy) -> bool:
    """Whether each copy is proved as soon as it is made."""
    return policy.data == "finance" if policy.prove.after_each is None else policy.prove.after_each
