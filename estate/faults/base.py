"""What every fault is: a name, how bad it is, how to cause it and how to take it back."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from typing import Any, ClassVar, Literal

import psycopg
from psycopg.rows import dict_row

from estate.faults import state
from estate.layout import Layout, read_json

Category = Literal["system", "data", "business"]
Saved = dict[str, Any]


class Fault(ABC):
    """Subclasses change the running estate in `break_` and restore it in `mend`; both may be repeated."""

    name: ClassVar[str]
    title: ClassVar[dict[str, str]]
    category: ClassVar[Category]
    level: ClassVar[int]  # 1 severe, 2 partial, 3 slight
    detect_within: ClassVar[int]  # seconds in which a good watcher should have noticed
    trips: ClassVar[tuple[str, ...]]  # the checks of catalogue/meridian.yaml this fault is meant for
    also: ClassVar[tuple[str, ...]] = ()  # those that cannot be spared, as they follow from the same fact; `*` is any

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.facts = read_json(layout.facts)
        if not self.facts:
            raise RuntimeError(f"no estate is running in {layout.root}")

    @property
    def broken(self) -> bool:
        return state.is_broken(self.layout, self.name)

    def break_once(self) -> None:
        if not self.broken:
            self.break_()

    def mend_once(self) -> None:
        if self.broken:
            self.mend()
            state.forget(self.layout, self.name)

    def forget(self) -> None:
        """It was recovered by other means: only what is remembered of it is put away."""
        state.forget(self.layout, self.name)

    @abstractmethod
    def break_(self) -> None: ...

    @abstractmethod
    def mend(self) -> None: ...

    # What the faults share.

    def remember(self, **saved: Any) -> None:
        """Always before the change itself, so that a killed `break` can be mended."""
        state.remember(self.layout, self.name, json.loads(json.dumps(saved, default=str)))

    def recall(self) -> Saved:
        return state.recall(self.layout, self.name)

    def database(self) -> psycopg.Connection[dict[str, Any]]:
        """As the administrator: one transaction when used in a `with` block."""
        return psycopg.connect(self.facts["admin_dsn"], row_factory=dict_row, connect_timeout=5)
