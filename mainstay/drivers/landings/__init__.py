"""Landings: one file a kind of place that a copy is restored to for real; a tool's ``LANDS`` says which it uses.

Each file holds ``Landing(target, network)``, which blocks and has:

``look(needed)``       refuses by words what cannot end well, with nothing changed: a place that is not empty, no room,
                       no permission. ``needed``: bytes when restored.
``rooms(loaded)``      where the copy's files are to be loaded, each with the part of them: ``[(directory, parts)]``.
``build(run)``         make all of it beside the place, from what was loaded. The place itself is not touched.
``expected(whole)``    of the copy's fingerprint what this part of it must show; empty where it says nothing of that.
``fingerprint(source)``  of what was built, as the copy's own was taken.
``marks()``            plain values by which the place before can be told from the place after.
``enter(until)``       make it count: one step that happens or does not, wherever the place can do that.
``stands(marks)``      ``untouched``, ``restored``, or ``between`` for what is neither.
``before()``           where what was there before lies now, for the record; empty when nowhere.
``sweep(between)``     remove what was built and does not count, also what a run left that was killed. ``between``: the
                       place is neither as it was nor as it should become; what holds anything of it stays.

All raise ``ToolFailed``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mainstay.drivers.kinds import Kinds


@dataclass(frozen=True, slots=True)
class Target:
    """``place``: a path, or an address with its password; for the live place of files empty, for the copy names them.
    ``number`` is the restore's, and names what lies beside. ``only``: parts of the copy; ``point``: the copy's own."""

    live: bool
    place: str = field(repr=False)
    number: int
    only: tuple[str, ...]
    point: Mapping[str, Any]


_KINDS = Kinds(__name__, __path__)
kinds, load = _KINDS.names, _KINDS.load
