"""Is this catalogue right? Every file, every key, every name that must exist; all flaws at once."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mainstay.catalogue import kinds, packs
from mainstay.catalogue.examine_backups import Watched, examine_policies
from mainstay.catalogue.examine_checks import examine_checks
from mainstay.catalogue.examine_inspection import examine_part
from mainstay.catalogue.examine_on_call import examine_arrangements, examine_called
from mainstay.catalogue.examine_practices import examine_practices
from mainstay.catalogue.examine_remedies import examine_remedies
from mainstay.catalogue.page import Page
from mainstay.catalogue.sources import Invalid, LocatedFlaw, contents, parse
from mainstay.domain import document
from mainstay.domain.backup_policy import Store
from mainstay.domain.complaint import nearest
from mainstay.domain.difference import ObjectKey
from mainstay.domain.document_forms import Mapping as Written
from mainstay.domain.draft import Catalogue, DraftSystem
from mainstay.domain.pack import BACKUP, PackBook, Unfoldable, unfold, unfold_policy, unfold_remedies
from mainstay.domain.placeholder import Path as Way
from mainstay.domain.yaml_node import plain

_PARTS = ", ".join(f"{part}:" for part in document.Shared.model_fields)


@dataclass(frozen=True, slots=True)
class Known:
    """Names that exist already, for a catalogue that is not whole."""

    systems: Collection[str] = ()
    channels: Collection[str] = ()
    calendars: Collection[str] = ()
    stores: Mapping[str, str] = field(default_factory=dict)
    """Name → kind."""
    teams: Collection[str] = ()
    rotations: Collection[str] = ()
    escalations: Collection[str] = ()
    vendors: Collection[str] = ()


@dataclass(slots=True)
class _Names:
    """Where each name of the catalogue was first given."""

    systems: dict[str, Page] = field(default_factory=dict)
    channels: dict[str, Page] = field(default_factory=dict)
    calendars: dict[str, Page] = field(default_factory=dict)
    stores: dict[str, Page] = field(default_factory=dict)
    help_desk: dict[str, Page] = field(default_factory=dict)
    teams: dict[str, Page] = field(default_factory=dict)
    rotations: dict[str, Page] = field(default_factory=dict)
    escalations: dict[str, Page] = field(default_factory=dict)
    vendors: dict[str, Page] = field(default_factory=dict)
    grading: dict[str, Page] = field(default_factory=dict)
    clocks: dict[str, Page] = field(default_factory=dict)
    words: dict[str, Page] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Examined:
    """A catalogue that is right, and what should still be thought about."""

    catalogue: Catalogue
    warnings: list[LocatedFlaw]


def read(path: Path, known: Known = Known()) -> Examined:
    """Read and examine a file or a directory. Raises Invalid with all flaws. A directory is a whole catalogue."""
    return examine(contents(path), whole=path.is_dir(), known=known)


def examine(
    files: Mapping[str, bytes],
    *,
    whole: bool = True,
    known: Known = Known(),
    books: Mapping[str, PackBook] | None = None,
) -> Examined:
    """Examine texts by file name; ``books`` are the packs, by default those that are installed."""
    flaws: list[LocatedFlaw] = []
    pages = [Page(name, node, flaws) for name, node in parse(files, flaws).items()]
    examiner = _Examiner(packs.find() if books is None else books, known)
    catalogue = examiner.catalogue(pages, whole)
    flaws.sort(key=lambda one: (one.file, one.flaw.line, one.flaw.column))
    if any(one.flaw.fatal for one in flaws):
        raise Invalid(flaws)
    return Examined(catalogue, flaws)


class _Examiner:
    def __init__(self, books: Mapping[str, PackBook], known: Known) -> None:
        self._books = books
        self._known = known
        self._names = _Names()
        self._stores: dict[str, str] = dict(known.stores)

    def catalogue(self, pages: list[Page], whole: bool) -> Catalogue:
        """All pages; names are gathered first, because any page may speak of what another defines."""
        shared, systems = [], []
        for page in pages:
            if not isinstance(page.node.value, dict) or not page.node.value:
                page.flaw((), "the file holds no keys", f"write system: name, or one of {_PARTS}")
            elif "system" in page.node.value:
                systems.append(page)
                self._take(page, self._names.systems, ("system",), page.node.value["system"].value)
            else:
                shared.append(page)
                for part in document.Shared.model_fields:
                    for name in page.mapping(part):
                        self._take(page, getattr(self._names, part), (part, name), name)
        channels: dict[str, document.Channel] = {}
        calendars: dict[str, document.Calendar] = {}
        stores: dict[str, Store] = {}
        arrangements: dict[ObjectKey, Written] = {}
        practices: dict[ObjectKey, dict[str, Any]] = {}
        for page in shared:
            self._shared(page, channels, calendars, stores)
            arrangements |= examine_arrangements(page, self._all)
            practices |= examine_practices(page)
        self._stores |= {name: stores[name].kind if name in stores else "" for name in self._names.stores}
        drafts = [draft for page in systems if (draft := self._system(page))]
        return Catalogue(
            {draft.header.system: draft for draft in drafts}, channels, calendars, whole, stores=stores,
            help_desk=next(filter(None, map(self._help_desk, shared)), None), arrangements=arrangements,
            practices=practices,
        )  # fmt: skip

    def _all(self, part: str) -> list[str]:
        """The names of a part, here and elsewhere."""
        return [*getattr(self._names, part), *getattr(self._known, part)]

    def _take(self, page: Page, names: dict[str, Page], way: Way, name: Any) -> None:
        first = names.setdefault(str(name), page)
        if first is not page:
            page.flaw(way, f"{name!r} is defined twice", f"{first.name} defines it already", on_key=len(way) > 1)

    def _shared(
        self,
        page: Page,
        channels: dict[str, document.Channel],
        calendars: dict[str, document.Calendar],
        stores: dict[str, Store],
    ) -> None:
        parts = document.Shared.model_fields
        rest = {key: value for key, value in plain(page.node).items() if key not in parts}
        if rest and not {*page.node.value} & {*parts}:  # type: ignore[misc]  # a mapping, see above
            key = next(iter(rest))
            near = nearest(key, [*document.System.model_fields, *parts])
            page.flaw((key,), f"no key system, nor one of {_PARTS}", near, on_key=True)
            return
        page.model(document.Shared, rest, ())
        for name, value in page.mapping("channels").items():
            if channel := page.named(document.Channel, name, value, ("channels", name)):
                self._channel(page, name, channel)
                channels[name] = channel
        for name, value in page.mapping("calendars").items():
            if calendar := page.named(document.Calendar, name, value, ("calendars", name)):
                calendars[name] = calendar
        for name, value in page.mapping("stores").items():
            if store := page.named(Store, name, value, ("stores", name)):
                self._store(page, name, store)
                stores[name] = store

    def _help_desk(self, page: Page) -> document.HelpDesk | None:
        """The one help desk; two files that speak of it were complained of with its keys."""
        value, way = page.mapping("help_desk"), ("help_desk",)
        found = page.model(document.HelpDesk, value, way) if value else None
        if found is not None:
            page.placeholders(way, value)
            if found.channel:
                page.exists((*way, "channel"), found.channel, "channel", [*self._names.channels, *self._known.channels])
        return found

    def _store(self, page: Page, name: str, store: Store) -> None:
        way: Way = ("stores", name)
        if page.exists((*way, "kind"), store.kind, "kind of store", kinds.store_kinds()):
            given, model = dict(store.model_extra or {}), kinds.store_settings(store.kind)
            page.settings(way, given, model)
            page.secrets_by_name(way, given, model)

    def _channel(self, page: Page, name: str, channel: document.Channel) -> None:
        way: Way = ("channels", name)
        if page.exists((*way, "kind"), channel.kind, "channel kind", kinds.channel_kinds()):
            page.settings(way, dict(channel.model_extra or {}), kinds.channel_settings(channel.kind))
        for index, system in enumerate(channel.systems):
            page.exists((*way, "systems", index), system, "system", [*self._names.systems, *self._known.systems])

    def _system(self, page: Page) -> DraftSystem | None:
        written: dict[str, Any] = plain(page.node)
        apart: dict[str, Any] = {"components": {}, "checks": {}, "backups": {}, "remedies": {}}
        header = page.model(document.System, {**written, **apart}, ())
        if header:
            self._header(page, header)
        components = {
            name: component
            for name, value in page.mapping("components").items()
            if (component := page.named(document.Component, name, value, ("components", name)))
        }
        names = page.mapping("components").keys()
        for name, component in components.items():
            self._component(page, name, component, names)
            self._logs(page, name, component, components, names)
        _refuse_cycles(page, components)
        watched = examine_policies(page, components, self._stores)
        remedies: dict[str, tuple[dict[str, Any], Way]] = {}
        unfolded = self._unfold(page, components, remedies) | self._watch(page, watched)
        checks = examine_checks(page, unfolded, page.mapping("checks"), names)
        mending = examine_remedies(page, remedies, names, checks)
        if header is None:
            return None
        header = header.model_copy(update={"remedies": mending})
        if isinstance(header.users, str):
            page.exists(("users",), header.users, "check", checks)
        self._inspection(page, header.inspection, {pack for _, pack, _ in unfolded.values()})
        policies = {name: one.draft for name, one in watched.items()}
        return DraftSystem(header, components, checks, written, page.name, policies)

    def _header(self, page: Page, header: document.System) -> None:
        page.zone(("timezone",), header.timezone)
        if header.calendar:
            page.exists(("calendar",), header.calendar, "calendar", [*self._names.calendars, *self._known.calendars])
        for index, channel in enumerate(header.notify):
            page.exists(("notify", index), channel, "channel", [*self._names.channels, *self._known.channels])
        examine_called(page, header, self._all)
        if header.vendor is not None:
            page.exists(("vendor",), header.vendor, "vendor", self._all("vendors"))

    def _inspection(self, page: Page, inspection: document.Inspection, used: Collection[str]) -> None:
        below = [self._books[name].pack.inspection for name in sorted(used)]
        examine_part(inspection, below, lambda way, what, right: page.flaw(("inspection", *way), what, right))
        channels = [*self._names.channels, *self._known.channels]
        for key, told in (("tell", inspection.tell), ("escalate", inspection.escalate)):
            for index, channel in enumerate(told):
                page.exists(("inspection", key, index), channel, "channel", channels)

    def _component(self, page: Page, name: str, component: document.Component, names: Collection[str]) -> None:
        way: Way = ("components", name)
        page.placeholders(way, dict(component.model_extra or {}))
        for index, needed in enumerate(component.depends_on):
            page.exists((*way, "depends_on", index), needed, "component", names)
        if component.vendor is not None:
            page.exists((*way, "vendor"), component.vendor, "vendor", self._all("vendors"))

    def _logs(
        self,
        page: Page,
        name: str,
        component: document.Component,
        components: Mapping[str, document.Component],
        names: Collection[str],
    ) -> None:
        """Where a log lies must be a host."""
        for index, source in enumerate(component.logs):
            way: Way = ("components", name, "logs", index, "on")
            if source.on is None or not page.exists(way, source.on, "component", names):
                continue
            if source.on in components and (kind := components[source.on].kind) != "host":
                page.flaw(way, f"{source.on!r} is of kind {kind}", "name a component of kind host")

    def _unfold(
        self,
        page: Page,
        components: Mapping[str, document.Component],
        remedies: dict[str, tuple[dict[str, Any], Way]],
    ) -> dict[str, tuple[dict[str, Any], str, Way]]:
        """Full name → the plain check, its pack, and the place that brought it in. ``remedies`` gets those that come
        with them."""
        found: dict[str, tuple[dict[str, Any], str, Way]] = {}
        for name, component in components.items():
            for index, use in enumerate(component.packs):
                way: Way = ("components", name, "packs", index)
                pack, given = (use, {}) if isinstance(use, str) else next(iter(use.items()))
                if not page.exists(way, pack, "pack", self._books):
                    continue
                book = self._books[pack]
                if component.kind not in book.pack.kinds:
                    fits = ", ".join(book.pack.kinds)
                    page.flaw(
                        way, f"the pack {pack!r} does not fit a component of kind {component.kind!r}", f"it fits {fits}"
                    )
                    continue
                try:
                    unfolded = unfold(book, name, given, component.model_extra or {})
                    lent = unfold_remedies(book, name, given)
                except Unfoldable as error:
                    _complain(page, book, error, (*way, pack))
                    continue
                found |= {full: (check, pack, way) for full, check in unfolded.items()}
                remedies |= {full: (remedy, way) for full, remedy in lent.items()}
        return found

    def _watch(self, page: Page, watched: Mapping[str, Watched]) -> dict[str, tuple[dict[str, Any], str, Way]]:
        """The checks that every policy brings with it."""
        found: dict[str, tuple[dict[str, Any], str, Way]] = {}
        book = self._books.get(BACKUP)
        if book is None:
            return found
        for name, one in watched.items():
            way: Way = ("backups", name, "watch")
            try:
                unfolded = unfold_policy(book, name, one.draft)
            except Unfoldable as error:
                _complain(page, book, error, way)
            else:
                found |= {full: (check, BACKUP, way) for full, check in unfolded.items()}
        return found


def _complain(page: Page, book: PackBook, error: Unfoldable, way: Way) -> None:
    """``way`` leads to the mapping of the parameters that were given."""
    unknown = error.parameter and error.parameter not in book.pack.parameters
    right = nearest(error.parameter, book.pack.parameters) if unknown else error.right
    page.flaw((*way, error.parameter), error.what, right, on_key=bool(unknown))


def _refuse_cycles(page: Page, components: Mapping[str, document.Component]) -> None:
    """A component that depends on itself, over however many steps, is named once."""
    done: set[str] = set()
    for start in components:
        trail: list[str] = []
        _walk(start, components, trail, done, lambda cycle: page.flaw(
            ("components", cycle[0], "depends_on"), f"{' → '.join(cycle)} is a circle", "leave one of them out",
        ))  # fmt: skip


def _walk(
    name: str,
    components: Mapping[str, document.Component],
    trail: list[str],
    done: set[str],
    report: Callable[[list[str]], None],
) -> None:
    """Depth first without recursion: a chain may be thousands long."""
    stack = [(name, iter(components[name].depends_on))] if name not in done else []
    trail.append(name)
    while stack:
        current, rest = stack[-1]
        following = next((one for one in rest if one in components and one not in done), None)
        if following is None:
            done.add(current)
            stack.pop()
            trail.pop()
        elif following in trail:
            report([*trail[trail.index(following) :], following])
        else:
            trail.append(following)
            stack.append((following, iter(components[following].depends_on)))
