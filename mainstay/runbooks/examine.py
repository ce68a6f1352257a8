"""Is this runbook right? Every key, every name that must exist; all flaws at once, each at its line."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from mainstay.catalogue.page import Page
from mainstay.catalogue.sources import Invalid, LocatedFlaw, parse
from mainstay.domain.complaint import nearest
from mainstay.domain.placeholder import Path as Way
from mainstay.domain.run_plan import Unplannable, plan
from mainstay.domain.run_values import GIVEN, condition_names, is_condition, names, strange
from mainstay.domain.runbook import PARALLEL, RUN, Branches, Inner, Runbook, Step
from mainstay.domain.saying import say
from mainstay.domain.yaml_node import plain
from mainstay.runbooks import kinds


@dataclass(frozen=True, slots=True)
class Written:
    """A runbook that is right, and its text."""

    document: Runbook
    text: str
    file: str
    warnings: tuple[LocatedFlaw, ...] = ()


def examine(files: Mapping[str, bytes], known: Mapping[str, Runbook] | None = None) -> dict[str, Written]:
    """Runbooks by name; ``known`` are those that exist besides. Raises Invalid with all that is wrong."""
    flaws: list[LocatedFlaw] = []
    found: dict[str, Written] = {}
    pages: dict[str, Page] = {}
    for name, node in parse(files, flaws).items():
        page = Page(name, node, flaws)
        document = _document(page)
        if document is None:
            continue
        if document.runbook in found:
            page.flaw(("runbook",), f"{document.runbook!r} is defined twice", f"{found[document.runbook].file} does it")
        found[document.runbook] = Written(document, files[name].decode("utf-8", "replace"), name)
        pages[document.runbook] = page
    every = {**(known or {}), **{name: one.document for name, one in found.items()}}
    for name, page in pages.items():
        if not any(one.flaw.fatal for one in flaws if one.file == page.name):
            _planned(page, found[name].document, every)
    flaws.sort(key=lambda one: (one.file, one.flaw.line, one.flaw.column))
    if any(one.flaw.fatal for one in flaws):
        raise Invalid(flaws)
    return found


def _document(page: Page) -> Runbook | None:
    if not isinstance(page.node.value, dict) or "runbook" not in page.node.value:
        page.flaw((), "the file holds no runbook", "write runbook: name, and steps:")
        return None
    document = page.model(Runbook, plain(page.node), ())
    if document is None:
        return None
    known = {*GIVEN, *document.inputs}
    for name in document.inputs:
        if name in GIVEN:
            page.flaw(("inputs", name), f"every run knows {name!r} already", "choose another name", on_key=True)
    _Steps(page, known, document.steps).examine()
    return document


class _Steps:
    """The steps of one runbook. A step may use what stands before it."""

    def __init__(self, page: Page, known: Collection[str], steps: Mapping[str, Step]) -> None:
        self._page, self._known, self._steps = page, set(known), steps
        self._before: dict[str, str] = {}

    def examine(self) -> None:
        self._sequence(self._steps, ("steps",))

    def _sequence(self, steps: Mapping[str, Step], way: Way) -> None:
        for name, step in steps.items():
            here: Way = (*way, name)
            if name in self._before:
                self._page.flaw(
                    here, f"there is a step {name!r} already", "each step has a name of its own", on_key=True
                )
            self._step(step, here)
            self._before[name] = step.kind

    def _step(self, step: Step, way: Way) -> None:
        own = dict(step.model_extra or {})
        for text in step.when:
            if not is_condition(text):
                right = "write such as ${look.state} == critical"
                self._page.flaw((*way, "when"), f"{text!r} is not a condition", right)
        self._names(condition_names(step.when), (*way, "when"))
        if not self._page.exists((*way, "kind"), step.kind, "kind of step", kinds.step_kinds()):
            return
        if step.kind == PARALLEL:
            self._branches(own, way)
        elif step.kind == RUN:
            if (inner := self._page.model(Inner, own, way)) is not None:
                self._names(names(inner.given), (*way, "with"))
        else:
            self._settings(step.kind, own, way)
        self._names(names(step.on), (*way, "on"))
        if step.rollback:
            inside = dict(self._before)
            self._sequence(step.rollback, (*way, "rollback"))
            self._before = inside

    def _branches(self, own: dict[str, Any], way: Way) -> None:
        if (found := self._page.model(Branches, own, way)) is not None:
            for name, steps in found.branches.items():
                self._sequence(steps, (*way, "branches", name))

    def _settings(self, kind: str, own: dict[str, Any], way: Way) -> None:
        for inner, text in strange(own):
            self._page.flaw(
                (*way, *inner), f"{text} is not a placeholder", "write ${input}, ${step.output} or ${SECRET}"
            )
        hollow, filled = _hollow(own)
        self._page.settings(way, hollow, kinds.settings_model(kind))
        for key in kinds.fixed(kind):
            here = tuple(int(one) if one.isdecimal() else one for one in key.split("."))
            if any(way_of[: len(here)] == here for way_of in filled):
                self._page.flaw((*way, *here), "no value may stand here", "it would be read as more than a value")
        self._names(names(own), way)

    def _names(self, asked: Iterator[str], way: Way) -> None:
        for name in asked:
            step, dot, _output = name.partition(".")
            known = self._before if dot else self._known
            if step not in known:
                what = f"there is no step {step!r} before this one" if dot else f"there is no value {name!r}"
                self._page.flaw(way, what, nearest(step, known))


def _hollow(value: Any, way: Way = ()) -> tuple[Any, set[Way]]:
    """The settings with each ``${value}`` made a secret's name, for neither is known yet; and where they stood."""
    if isinstance(value, str):
        asked = list(names(value))
        for name in asked:
            value = value.replace(f"${{{name}}}", "${VALUE}")
        return value, {way} if asked else set()
    if isinstance(value, dict):
        found = {key: _hollow(child, (*way, key)) for key, child in value.items()}
        return {key: one for key, (one, _) in found.items()}, {at for _, ways in found.values() for at in ways}
    if isinstance(value, list):
        parts = [_hollow(child, (*way, place)) for place, child in enumerate(value)]
        return [one for one, _ in parts], {at for _, ways in parts for at in ways}
    return value, set()


def _planned(page: Page, document: Runbook, every: Mapping[str, Runbook]) -> None:
    """What only shows when the runbooks are put together."""

    def find(name: str) -> Runbook:
        if name not in every:
            raise Unplannable(say("there is no runbook %(name)s", name=name))
        return every[name]

    try:
        plan(document, find, kinds.manner)
    except Unplannable as error:
        page.flaw(("steps",), str(error), on_key=True)
    except ValidationError:
        page.flaw(("steps",), "a step does not fit", "", on_key=True)
