"""What a policy will do if nothing keeps it from it: its runs, what retention drops, what it takes and lacks."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from mainstay.backups.models import Copy, Repository
from mainstay.backups.queries.keeping import retention
from mainstay.catalogue import kinds, policies
from mainstay.catalogue.editing import Proposal
from mainstay.catalogue.editing_backups import PolicyWriting
from mainstay.catalogue.models import Component, Policy
from mainstay.domain.backup_schedule import Run, upcoming
from mainstay.domain.draft import policy_object
from mainstay.domain.retention import Rule
from mainstay.drivers.backup_tools import Missing

RUNS = 20


@dataclass(frozen=True, slots=True)
class Fate:
    """What becomes of one copy at the next forgetting. No ``rules``: it goes."""

    copy: Copy
    rules: Sequence[Rule] = ()


@dataclass(frozen=True, slots=True)
class Shelf:
    """The copies of one repository, the newest first. ``refused``: why nothing goes."""

    repository: Repository
    fates: Sequence[Fate]
    refused: str

    @property
    def goes(self) -> int:
        """How many copies go."""
        return 0 if self.refused else sum(not fate.rules for fate in self.fates)


@dataclass(frozen=True, slots=True)
class Size:
    """What a copy of a level is expected to take, as the newest one of the same component took: bytes when restored,
    and bytes that the store grew by."""

    level: str
    size: int
    added: int
    like: Copy


@dataclass(frozen=True, slots=True)
class Room:
    """Bytes left in a store as they were last found, None where nobody knows."""

    store: str
    free: int | None


@dataclass(frozen=True, slots=True)
class Preview:
    """What a policy will do."""

    policy: Policy
    runs: Sequence[Run]
    shelves: Sequence[Shelf]
    sizes: Sequence[Size]
    rooms: Sequence[Room]

    @property
    def lacking(self) -> Sequence[Missing]:
        """What its tool lacks on this machine, looked for now."""
        tool = self.policy.tool
        return kinds.lacking(tool) if tool in kinds.backup_tool_kinds() else ()

    @property
    def goes(self) -> int:
        """How many copies go, in all stores."""
        return sum(shelf.goes for shelf in self.shelves)

    @property
    def copies(self) -> int:
        """How many there are."""
        return sum(len(shelf.fates) for shelf in self.shelves)


def preview(policy: Policy, now: datetime, count: int = RUNS) -> Preview:
    """Of a policy as it stands in the row, which need not be how it is kept (``drafted``)."""
    kept = Repository.objects.filter(policy=policy.pk).select_related("store").order_by("made_at")
    runs, shelves = upcoming(policies.plan(policy), now, count), [_shelf(policy, one, now) for one in kept]
    return Preview(policy, runs, shelves, _sizes(policy), _rooms(policy.document["stores"]))


def drafted(present: PolicyWriting, found: Proposal) -> Policy:
    """A policy as it would be, which is not kept. One of that name that was there before is the same one, so that its
    copies are."""
    system, name = present.system, present.name
    draft = found.catalogue.systems[system.name].policies[name]
    row = Policy.objects.filter(system=system, name=name).first() or Policy(system=system, name=name)
    part = Component.objects.filter(system=system, name=draft.definition.of).first()
    row.tool, row.document = draft.tool, policy_object(draft)
    row.system, row.component_id = system, part.pk if part else 0
    return row


def _shelf(policy: Policy, repository: Repository, now: datetime) -> Shelf:
    repository.policy = policy  # as it stands in the row, not as it is kept
    copies = Copy.objects.filter(repository=repository, dropped_at=None).defer("fingerprint", "point")
    found = retention(repository, now)
    return Shelf(repository, [Fate(copy, found.stays.get(copy.pk, ())) for copy in copies], found.refused)


def _sizes(policy: Policy) -> list[Size]:
    """By the newest copy of each level: its own, or of another policy of the same component and tool."""
    found = []
    alike = Copy.objects.filter(made_from=None, policy__tool=policy.tool, policy__component=policy.component_id)
    for level in policies.levels(policy):
        rows = alike.filter(level=level).defer("fingerprint", "point").select_related("policy__system")
        newest = rows.filter(policy=policy.pk).first() or rows.first()
        if newest is not None:
            found.append(Size(level, newest.size, newest.added, newest))
    return found


def _rooms(stores: Sequence[str]) -> list[Room]:
    looked = Repository.objects.filter(store__name__in=stores).exclude(free=None).order_by("checked_at")
    free = dict(looked.values_list("store__name", "free"))
    return [Room(name, free.get(name)) for name in stores]
