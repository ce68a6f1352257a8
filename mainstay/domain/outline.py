"""A system that somebody is describing step by step, and the catalogue's files that come of it.

What was typed is kept so that it can be shown again; passwords are not: they lie sealed under a name, and here stands
that name.
"""

import re
from collections.abc import Collection, Mapping
from typing import Any
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict

from mainstay.domain.document_forms import Name
from mainstay.domain.pack import PackBook

Value = str | int | float | bool
DATABASES = {"postgresql": 5432, "mariadb": 3306}
"""Kinds that are reached by an address with an account, and their usual ports."""
FIELDS: dict[str, tuple[str, ...]] = {
    "postgresql": ("host", "port", "database", "user"),
    "mariadb": ("host", "port", "database", "user"),
    "sqlite": ("file",),
    "http": ("url",),
    "host": ("address",),
}
"""What is asked for each kind; any other kind is asked for its ``address``."""
CALLED = {"postgresql": "db", "mariadb": "db", "sqlite": "db", "http": "web", "host": "host"}
"""How the first part of a kind is called unless somebody calls it otherwise."""
MOST_PARTS = 30


class _Kept(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class Part(_Kept):
    """A component to be. ``secret`` names what its address is sealed under; ``parameters`` differ from the defaults.

    ``looks`` is what the last trial gave, as shown.
    """

    name: Name
    kind: str
    pack: Name
    typed: dict[str, str] = {}
    secret: str = ""
    parameters: dict[str, Value] = {}
    depends_on: list[Name] = []
    looks: list[dict[str, Any]] = []
    tried_at: str = ""


class Outline(_Kept):
    """``channels`` are new ones, as YAML has them; ``told`` what a test of each gave. ``sealed`` are the names of the
    secrets that were given on the way."""

    system: Name
    title: str = ""
    tier: int = 2
    timezone: str = "UTC"
    hours: str = ""
    owner: str = ""
    parts: list[Part] = []
    notify: list[Name] = []
    channels: dict[Name, dict[str, Any]] = {}
    told: dict[str, dict[str, Any]] = {}
    sealed: list[str] = []

    def part(self, name: str) -> Part:
        """KeyError when there is none."""
        try:
            return next(one for one in self.parts if one.name == name)
        except StopIteration:
            raise KeyError(name) from None

    def with_part(self, part: Part) -> "Outline":
        """With the part in the place of the one of its name, or at the end."""
        names = [one.name for one in self.parts]
        parts = [part if one.name == part.name else one for one in self.parts]
        return self.model_copy(update={"parts": parts if part.name in names else [*parts, part]})

    def without_part(self, name: str) -> "Outline":
        """Without it, and without needing it."""
        parts = [
            one.model_copy(update={"depends_on": [other for other in one.depends_on if other != name]})
            for one in self.parts if one.name != name
        ]  # fmt: skip
        return self.model_copy(update={"parts": parts})

    def free_name(self, kind: str) -> str:
        """For a further part of a kind."""
        return free(CALLED.get(kind, kind), {one.name for one in self.parts})

    def files(self, book: Mapping[str, PackBook]) -> dict[str, dict[str, Any]]:
        """File name → what it says: the system, and its new channels."""
        found = {f"{self.system}.yaml": self._system(book)}
        if self.channels:
            found["shared.yaml"] = {"channels": self.channels}
        return found

    def _system(self, book: Mapping[str, PackBook]) -> dict[str, Any]:
        head = {
            "system": self.system, "title": self.title, "tier": self.tier, "timezone": self.timezone,
            "hours": self.hours, "owner": self.owner, "notify": self.notify,
        }  # fmt: skip
        parts = {part.name: _component(part, book) for part in self.parts}
        return {key: value for key, value in head.items() if value not in ("", [])} | {"components": parts}


def _component(part: Part, book: Mapping[str, PackBook]) -> dict[str, Any]:
    known = book[part.pack].pack.parameters if part.pack in book else {}
    given = {key: value for key, value in part.parameters.items() if key in known and value != known[key].default}
    found: dict[str, Any] = {"kind": part.kind, **settings(part)}
    if part.depends_on:
        found["depends_on"] = part.depends_on
    return found | {"packs": [{part.pack: given} if given else part.pack]}


def settings(part: Part) -> dict[str, str]:
    """The kind's own keys as YAML has them; what holds a password is a placeholder."""
    if part.kind in DATABASES:
        return {"dsn": f"${{{part.secret}}}" if part.secret else ""}
    if part.kind == "sqlite":
        return {"dsn": f"sqlite://{part.typed.get('file', '')}"}
    key = FIELDS.get(part.kind, ("address",))[0]
    return {key: part.typed.get(key, "")}


def dsn(kind: str, typed: Mapping[str, str], password: str) -> str:
    """The address of a database with its account."""
    host = typed["host"]
    where = f"[{host}]" if ":" in host and not host.startswith("[") else quote(host, safe="[]:.")
    account = f"{quote(typed['user'], safe='')}:{quote(password, safe='')}"
    return f"{kind}://{account}@{where}:{typed['port']}/{quote(typed['database'], safe='')}"


def moved(kind: str, before: Mapping[str, str], after: Mapping[str, str]) -> bool:
    """Whether a password given for the one address must not be taken to the other."""
    return any(before.get(key, "") != after.get(key, "") for key in FIELDS.get(kind, ()))


def secret_name(*words: str, taken: Collection[str] = ()) -> str:
    """Such as SHOP_DB_DSN; numbered when somebody else has the name."""
    name = re.sub(r"[^A-Z0-9]+", "_", "_".join(words).upper()).strip("_")[:90] or "SECRET"
    name = name if not name[0].isdigit() else f"S_{name}"
    return free(name, taken, "_")


def free(name: str, taken: Collection[str], join: str = "-") -> str:
    """The name, or the first with a number that nobody has."""
    found, number = name, 2
    while found in taken:
        found, number = f"{name}{join}{number}", number + 1
    return found


def fitted(text: str, default: Value) -> Value:
    """What was typed in the form that the parameter's default has. Raises ValueError."""
    if isinstance(default, bool):
        return text.strip().lower() in ("1", "on", "true", "yes")
    if isinstance(default, int):
        return int(text)
    return float(text) if isinstance(default, float) else text.strip()
