"""Are the checks of one system right? The pack's and the user's own, laid over each other."""

from collections.abc import Collection, Mapping
from typing import Any

from mainstay.catalogue import kinds
from mainstay.catalogue.page import Page
from mainstay.domain import document
from mainstay.domain.complaint import nearest
from mainstay.domain.draft import DraftCheck
from mainstay.domain.duration import parse_duration
from mainstay.domain.pack import override
from mainstay.domain.placeholder import Path
from mainstay.domain.threshold import parse_condition

Unfolded = Mapping[str, tuple[dict[str, Any], str, Path]]
"""Full name → the plain check, its pack, and the place that brought it in."""


def examine_checks(
    page: Page, unfolded: Unfolded, own: Mapping[str, Any], components: Collection[str]
) -> dict[str, DraftCheck]:
    """All checks of the system that are enabled and right."""
    drafts: dict[str, DraftCheck] = {}

    def take(name: str, value: dict[str, Any], pack: str, way: Path) -> None:
        if check := _examine(page, value, way, components):
            drafts[name] = DraftCheck(check, check.probe.on, pack)

    for name, (value, pack, place) in unfolded.items():
        if name not in own:
            take(name, value, pack, (*place, name))
    for name, value in own.items():
        way: Path = ("checks", name)
        plain = {} if value is None else value
        if name in unfolded and isinstance(plain, dict):
            base, pack, _ = unfolded[name]
            take(name, override(base, plain), pack, way)
        elif "." in name:
            page.flaw(way, f"no pack gives a check {name!r}", nearest(name, unfolded), on_key=True)
        elif isinstance(plain, dict) and page.is_name(name, way):
            take(name, plain, "", way)
        elif not isinstance(plain, dict):
            page.model(document.Check, plain, way)
    names = {*unfolded, *own}
    for name, draft in drafts.items():
        for index, other in enumerate(draft.definition.explained_by):
            place = ("checks",) if name in own else unfolded[name][2]
            page.exists((*place, name, "explained_by", index), other, "check", names - {name})
    return drafts


def _examine(page: Page, value: dict[str, Any], way: Path, components: Collection[str]) -> document.Check | None:
    """The check, unless it is not one or not wanted."""
    check = page.model(document.Check, value, way)
    if check is None or not check.enabled:
        return None
    probe = check.probe
    if probe.on is not None:
        page.exists((*way, "probe", "on"), probe.on, "component", components)
    if page.exists((*way, "probe", "kind"), probe.kind, "probe kind", kinds.probe_kinds()):
        page.settings((*way, "probe"), dict(probe.model_extra or {}), kinds.probe_settings(probe.kind))
        _examine_conditions(page, check, way)
    _examine_times(page, check, way)
    return check


def _examine_conditions(page: Page, check: document.Check, way: Path) -> None:
    """A metric that the probe does not have would never be judged."""
    metrics = kinds.metrics(check.probe.kind)
    if not kinds.metrics_are_fixed(check.probe.kind):
        return
    for key, conditions in (("warn", check.warn), ("crit", check.crit)):
        for index, text in enumerate(conditions):
            metric = parse_condition(text).metric
            if metric and metric not in metrics:
                page.flaw((*way, key, index), f"{check.probe.kind} measures no {metric!r}", nearest(metric, metrics))


def _examine_times(page: Page, check: document.Check, way: Path) -> None:
    every = parse_duration(check.every)
    if every < 1:
        page.flaw((*way, "every"), f"{check.every!r} is too often", "write 1s or more")
    if "timeout" in check.model_fields_set and parse_duration(check.timeout) > every:
        page.flaw((*way, "timeout"), f"{check.timeout!r} is longer than every ({check.every})", "make it shorter")
    if check.missing and parse_duration(check.missing) < every:
        page.flaw((*way, "missing"), f"{check.missing!r} is shorter than every ({check.every})", "make it longer")
