"""Pending updates of a Debian host, from what ``apt-get --simulate dist-upgrade`` prints."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from mainstay.domain.saying import say

_INSTALL = re.compile(r"Inst (?P<name>\S+) (?:\[(?P<old>[^\]]*)\] )?\((?P<new>\S+) (?P<origin>.*?) ?(?:\[[^\]]*\])?\)")
_SECURITY = re.compile(r"security|ESM", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Patch:
    """A package for which there is a newer version. ``security``: some of it comes from a security archive."""

    name: str
    installed: str
    candidate: str
    security: bool


@dataclass(frozen=True, slots=True)
class Pending:
    """What waits on a host. ``lists_age`` in seconds since the package lists were last fetched, None if not known;
    ``restart``: what was updated waits for a restart of the host."""

    patches: Sequence[Patch]
    lists: int
    lists_age: float | None = None
    restart: bool = False

    def values(self) -> dict[str, float]:
        """The numbers by metric."""
        found = {
            "security": float(sum(one.security for one in self.patches)), "pending": float(len(self.patches)),
            "restart": float(self.restart),
        }  # fmt: skip
        return found if self.lists_age is None else {**found, "lists_age": max(0.0, self.lists_age)}

    def rows(self, most: int = 100) -> list[dict[str, object]]:
        """Evidence: each package, those from a security archive first."""
        ordered = sorted(self.patches, key=lambda one: (not one.security, one.name))
        return [
            {"package": one.name, "installed": one.installed, "candidate": one.candidate, "security": one.security}
            for one in ordered[:most]
        ]


def parse_upgrade(printed: str) -> list[Patch]:
    """Packages that would be replaced by newer ones; what would only be installed along with them is no patch."""
    found = filter(None, map(_INSTALL.match, printed.splitlines()))
    return [
        Patch(one["name"], one["old"], one["new"], bool(_SECURITY.search(one["origin"])))
        for one in found
        if one["old"] is not None
    ]


def parse_answer(printed: str) -> Pending:
    """What a host says to the probe's one command line: its clock and the times at which lists were fetched, how many
    lists there are, whether a restart is due, the simulated upgrade and its exit code. Raises ValueError."""
    parts = [part.strip() for part in printed.split("==\n")]
    if len(parts) != 6:
        raise ValueError(say("the host answered %(n)s of 6 parts; it does not look like Debian", n=len(parts)))
    clock, fetched, lists, restart, upgrade, code = parts
    if code != "0":
        raise ValueError(upgrade.splitlines()[-1] if upgrade else say("apt-get ended with %(code)s", code=code))
    times = [int(word) for word in fetched.split()]
    age = int(clock) - max(times) if times else None
    return Pending(parse_upgrade(upgrade), int(lists), age, restart == "yes")
