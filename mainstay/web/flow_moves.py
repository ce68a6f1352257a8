"""The steps that cases took between the stages of a flow: which belong to its path and which left it, in words."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from mainstay.monitoring.wording import format_number
from mainstay.web.templatetags.mainstay import stage_word
from mainstay.web.templatetags.signs import move_word

Stages = Sequence[dict[str, Any]]
"""As ``domain.flow.drawn`` gives them; moves and detours likewise."""
Given = Sequence[Mapping[str, Any]]
OFF_PATH = ("skip", "back")


@dataclass(frozen=True, slots=True)
class Move:
    """Cases that went from one stage to another, by their places on the path; ``count`` None where no history is read.
    ``kind``: ``step`` to the next one, ``past`` an optional one, ``skip`` past one that may not be left out, ``back``.
    """

    start: int
    end: int
    count: int | None
    kind: str


def moves(stages: Stages, counted: Given, detours: Given) -> list[Move]:
    """Every step from each stage to the next, taken or not, and the others that were taken. A step off the path may
    have led through a state that is no stage, so that only ``detours`` tell of it."""
    place = {stage["name"]: number for number, stage in enumerate(stages)}
    found: Counter[tuple[int, int]] = Counter()
    for one in counted:
        if {one["from"], one["to"]} <= place.keys():
            found[place[one["from"]], place[one["to"]]] += one["count"]
    told = Counter(
        (place[one["from"]], place[one["to"]]) for one in detours if {one["from"], one["to"]} <= place.keys()
    )
    known = bool(counted or detours)
    taken = {pair: count for pair, count in (found | told).items() if pair[0] != pair[1]}
    path = {(number, number + 1): 0 for number in range(len(stages) - 1)}
    return [
        Move(start, end, count if known else None, _kind(stages, start, end))
        for (start, end), count in sorted({**path, **taken}.items())
    ]


def _kind(stages: Stages, start: int, end: int) -> str:
    if end < start:
        return "back"
    between = stages[start + 1 : end]
    if not between:
        return "step"
    return "past" if all(stage.get("optional") for stage in between) else "skip"


def off_path(found: Iterable[Move]) -> list[tuple[str, int]]:
    """Of each kind of step that left the path how many there were, without those that never happened."""
    count: Counter[str] = Counter()
    for one in found:
        count[one.kind] += one.count or 0
    return [(kind, count[kind]) for kind in OFF_PATH if count[kind]]


def counted(one: Move) -> str:
    """Its count, with a word where it left the path; empty where none is known."""
    return "" if one.count is None else f"{format_number(one.count, 0)} {move_word(one.kind)}".strip()


def told(stages: Stages, one: Move) -> str:
    """A move in a line, for the pointer."""
    return "" if one.count is None else f"{_way(stages, one)}: {counted(one)}"


def said(stages: Stages, found: Iterable[Move]) -> str:
    """All stages and the steps off the path in a sentence."""
    parts = [f"{stage_word(one)} {one['cases']}{_stuck(one)}" for one in stages]
    parts += [told(stages, one) for one in found if one.kind in OFF_PATH]
    return pgettext("between parts of a sentence", "; ").join(parts)


def _stuck(stage: Mapping[str, Any]) -> str:
    return f" ({stage['stuck']} {_('stuck')})" if stage["stuck"] else ""


def _way(stages: Stages, one: Move) -> str:
    return f"{stage_word(stages[one.start])} → {stage_word(stages[one.end])}"
