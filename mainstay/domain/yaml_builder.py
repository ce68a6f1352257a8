"""From the events of a YAML parser to nodes, refusing on the way whatever grows without bound or surprises."""

import math
import re
from dataclasses import dataclass, field

import yaml

from mainstay.domain.yaml_node import Flaw, Node, Place, Scalar

MAX_DEPTH = 50
TOO_DEEP = f"nested deeper than {MAX_DEPTH} levels"
MAX_GROWTH = 1_000_000
"""Characters and nodes that aliases may add to what is written."""
MAX_NODES = 500_000

_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,17})")
_FLOAT = re.compile(
    r"[-+]?(?:\.[0-9]+|(?:0|[1-9][0-9]{0,17})\.[0-9]*|(?:0|[1-9][0-9]*)(?=[eE]))(?:[eE][-+]?[0-9]{1,3})?"
)
_WORDS: dict[str, bool | None] = {
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
    "null": None, "Null": None, "NULL": None, "~": None, "": None,
}  # fmt: skip


@dataclass(slots=True)
class _Open:
    """A list or mapping whose end has not come yet."""

    node: Node
    anchor: str | None
    mapping: dict[str, Node] | None
    items: list[Node]
    key: str | None = None
    at: Place = (1, 1)
    merges: bool = False
    bases: list[Node] = field(default_factory=list)

    @property
    def waits_for_key(self) -> bool:
        return self.mapping is not None and self.key is None


class Builder:
    """Takes events one after another; stops early when there is no use in going on."""

    def __init__(self) -> None:
        self.root: Node | None = None
        self.flaws: list[Flaw] = []
        self._open: list[_Open] = []
        self._anchors: dict[str, Node] = {}
        self._documents = self._nodes = self._growth = 0

    def take(self, event: yaml.Event) -> bool:
        """Whether to go on."""
        if isinstance(event, yaml.ScalarEvent):
            return self._scalar(event)
        if isinstance(event, yaml.CollectionStartEvent):
            return self._start(event)
        if isinstance(event, yaml.CollectionEndEvent):
            return self._end()
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event)
        if isinstance(event, yaml.DocumentStartEvent):
            self._documents += 1
            if self._documents > 1:
                return self._refuse(_place(event), "a second document begins here", "put it in a file of its own")
        return True

    def _refuse(self, place: Place, what: str, right: str = "") -> bool:
        where = ".".join(_short(step.key) for step in self._open[:6] if step.key)
        self.flaws.append(Flaw(*place, where, what, right))
        return False

    def _scalar(self, event: yaml.ScalarEvent) -> bool:
        place = _place(event)
        if event.tag and event.tag != "!":
            self._refuse(place, f"the tag {_short(event.tag)} is not read", "write the value without it")
        if "\x00" in event.value:
            self._refuse(place, "a zero byte cannot be kept", "remove it")
        node = Node(place, resolve(event.value) if event.implicit[0] else event.value, weight=1 + len(event.value))
        if self._open and (top := self._open[-1]).mapping is not None and top.waits_for_key:
            return self._name(top, top.mapping, event, node)
        return self._add(node, event.anchor)

    def _name(self, top: _Open, mapping: dict[str, Node], event: yaml.ScalarEvent, node: Node) -> bool:
        key = event.value
        top.merges = key == "<<" and event.implicit[0]
        if not isinstance(node.value, str):
            self._refuse(node.place, f"{_short(key) or 'nothing'} is not a word", f'write "{_short(key)}" as the key')
        elif key in mapping and not top.merges:
            line, column = top.node.keys[key]
            self._refuse(node.place, f"{_short(key)!r} is written twice", f"first in line {line}, column {column}")
        top.key, top.at = key, node.place
        top.node.weight += len(key)
        if event.anchor:
            self._anchors[event.anchor] = node
        return len(self.flaws) < 100

    def _start(self, event: yaml.CollectionStartEvent) -> bool:
        place = _place(event)
        if event.tag and event.tag != "!":
            self._refuse(place, f"the tag {_short(event.tag)} is not read", "write the value without it")
        if len(self._open) >= MAX_DEPTH:
            return self._refuse(place, TOO_DEEP, "make it flatter")
        if self._open and self._open[-1].waits_for_key:
            return self._refuse(place, "a key must be a word", "write a name before the colon")
        mapping: dict[str, Node] | None = {} if isinstance(event, yaml.MappingStartEvent) else None
        items: list[Node] = []
        self._open.append(_Open(Node(place, items if mapping is None else mapping), event.anchor, mapping, items))
        return True

    def _end(self) -> bool:
        done = self._open.pop()
        for base in done.bases:
            _merge(done, base)
        return self._add(done.node, done.anchor)

    def _alias(self, event: yaml.AliasEvent) -> bool:
        place = _place(event)
        anchor = event.anchor or ""
        target, name = self._anchors.get(anchor), _short(anchor)
        if target is None:
            return self._refuse(place, f"*{name} names no anchor before it", f"write &{name} where it is defined")
        self._growth += target.weight
        if self._growth > MAX_GROWTH:
            return self._refuse(place, f"*{name} grows the document past every bound", "use fewer aliases")
        if len(self._open) + target.height > MAX_DEPTH:
            return self._refuse(place, f"*{name} nests deeper than {MAX_DEPTH} levels", "make it flatter")
        if self._open[-1].waits_for_key:
            return self._refuse(place, "an alias cannot be a key", "write the name")
        return self._add(Node(place, target.value, target.keys, target.weight, target.height), None)

    def _add(self, node: Node, anchor: str | None) -> bool:
        self._nodes += 1
        if self._nodes > MAX_NODES:
            return self._refuse(node.place, f"the file has more than {MAX_NODES} values", "split it")
        if anchor:
            self._anchors[anchor] = node
        if not self._open:
            self.root = node
            return True
        top = self._open[-1]
        top.node.weight += node.weight
        top.node.height = max(top.node.height, node.height + 1)
        if top.mapping is None:
            top.items.append(node)
        else:
            self._set(top, top.mapping, node)
        return len(self.flaws) < 100

    def _set(self, top: _Open, mapping: dict[str, Node], node: Node) -> None:
        key, top.key = top.key or "", None
        if not top.merges:
            mapping[key] = node
            top.node.keys[key] = top.at
            return
        bases = node.value if isinstance(node.value, list) else [node]
        if all(isinstance(base.value, dict) for base in bases):
            top.bases.extend(bases)
        else:
            self._refuse(node.place, "<< takes a mapping or a list of mappings", "write such as <<: *name")


def _merge(into: _Open, base: Node) -> None:
    """What is written in the mapping itself wins, then the first of several bases."""
    if into.mapping is None or not isinstance(base.value, dict):
        return
    for key, child in base.value.items():
        if into.mapping.setdefault(key, child) is child:
            into.node.keys.setdefault(key, base.keys[key])
            into.node.weight += child.weight


def _place(event: yaml.Event) -> Place:
    mark = event.start_mark
    return (mark.line + 1, mark.column + 1) if mark else (1, 1)


def resolve(text: str) -> Scalar:
    """What a word without quotes means in the core schema."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] in "0123456789+-.":
        if _INTEGER.fullmatch(text):
            return int(text)
        if _FLOAT.fullmatch(text):
            number = float(text)
            return number if math.isfinite(number) else text
    return text


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "…"
