"""YAML text → plain values, with the line and column of every key and value. Bounded, whoever wrote the text.

What is read is YAML 1.2's core schema, not 1.1: ``on``, ``yes`` and ``no`` are words, dates are words, and only
``true`` and ``false`` are truth values; a key is always a word. Everything that makes YAML surprising or dangerous is
refused with its position: tags, a second document, a key written twice, aliases that grow without bound.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import yaml

MAX_BYTES = 2_000_000
"""The largest file that is read."""
MAX_DEPTH = 50
MAX_GROWTH = 1_000_000
"""Characters and nodes that aliases may add to what is written."""
MAX_NODES = 500_000

_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,17})")
_FLOAT = re.compile(
    r"[-+]?(?:\.[0-9]+|(?:0|[1-9][0-9]{0,17})\.[0-9]*|(?:0|[1-9][0-9]*)(?=[eE]))(?:[eE][-+]?[0-9]{1,2})?"
)
_WORDS: dict[str, bool | None] = {
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
    "null": None, "Null": None, "NULL": None, "~": None, "": None,
}  # fmt: skip
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the C parser, where PyYAML was built with it

Scalar = str | int | float | bool | None
Place = tuple[int, int]
"""Line and column, both counted from 1."""


@dataclass(frozen=True, slots=True)
class Flaw:
    """Something wrong at a place of a text: where in the document, what is wrong, and what would be right."""

    line: int
    column: int
    where: str
    what: str
    right: str = ""
    fatal: bool = True
    """False for a warning."""

    def __str__(self) -> str:
        parts = [self.where, self.what] if self.where else [self.what]
        return f"{self.line}:{self.column}: " + ": ".join(parts) + (f"; {self.right}" if self.right else "")


class Unreadable(ValueError):
    """The text cannot be read; ``flaws`` say where and why."""

    def __init__(self, flaws: Sequence[Flaw]) -> None:
        super().__init__("\n".join(map(str, flaws)))
        self.flaws = list(flaws)


@dataclass(slots=True)
class Node:
    """A value at its place. A mapping also remembers the places of its keys."""

    place: Place
    value: "Scalar | list[Node] | dict[str, Node]"
    keys: dict[str, Place] = field(default_factory=dict)
    weight: int = 1
    """Nodes and characters, aliases counted as often as they are used."""
    height: int = 0
    """Levels of nesting inside."""


def plain(node: Node) -> Any:
    """The values alone."""
    if isinstance(node.value, dict):
        return {key: plain(child) for key, child in node.value.items()}
    if isinstance(node.value, list):
        return [plain(child) for child in node.value]
    return node.value


def locate(node: Node, path: Iterable[str | int], key: bool = False) -> Place:
    """The place of what ``path`` leads to, or of the nearest thing above it that exists.

    With ``key`` the place of the last key itself. Steps that are not in the text are passed over, for a validator
    puts the names of its own types between them.
    """
    place = node.place
    for step in path:
        if isinstance(node.value, dict) and isinstance(step, str) and step in node.value:
            place = node.keys[step]
            node = node.value[step]
        elif isinstance(node.value, list) and isinstance(step, int) and 0 <= step < len(node.value):
            node = node.value[step]
            place = node.place
    return place if key else node.place


def read(data: bytes) -> Node:
    """The one document in ``data``; raises Unreadable with every flaw that was found."""
    text = _decode(data)
    builder = _Builder()
    try:
        for event in yaml.parse(text, Loader=_Loader):
            if not builder.take(event):
                break
    except yaml.MarkedYAMLError as error:
        raise Unreadable([*builder.flaws, _syntax_flaw(error, text)]) from None
    except yaml.YAMLError as error:
        raise Unreadable([*builder.flaws, _reader_flaw(error, text)]) from None
    if builder.flaws:
        raise Unreadable(sorted(builder.flaws, key=lambda flaw: (flaw.line, flaw.column)))
    return builder.root or Node((1, 1), None)


def _decode(data: bytes) -> str:
    if len(data) > MAX_BYTES:
        raise Unreadable([Flaw(1, 1, "", f"the file is larger than {MAX_BYTES // 1_000_000} MB", "split it")])
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line, column = _place_of(data[: error.start].decode("utf-8", "replace"))
        what = f"the byte 0x{data[error.start]:02x} is not UTF-8"
        raise Unreadable([Flaw(line, column, "", what, "save the file as UTF-8")]) from None


def _place_of(before: str) -> Place:
    return before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1


def _syntax_flaw(error: yaml.MarkedYAMLError, text: str) -> Flaw:
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    lines = text.split("\n", line)
    tab = line <= len(lines) and "\t" in lines[line - 1][:column]
    problem = " ".join(filter(None, (error.context, error.problem)))
    return Flaw(line, column, "", f"not YAML: {problem}", "write spaces instead of the tab" if tab else "")


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "…"


def _reader_flaw(error: yaml.YAMLError, text: str) -> Flaw:
    position = getattr(error, "position", None)
    # Which character it is cannot be had reliably from the library: look for the first that YAML does not allow.
    found = _CONTROL.search(text)
    line, column = _place_of(text[: found.start()]) if found else _place_of(text[: position or 0])
    what = f"the character U+{ord(found[0]):04X} may not stand in YAML" if found else "not YAML"
    return Flaw(line, column, "", what, "remove it")


_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x80-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")


@dataclass(slots=True)
class _Open:
    """A list or mapping whose end has not come yet."""

    node: Node
    anchor: str | None
    mapping: dict[str, Node] | None
    items: list[Node]
    key: str | None = None
    at: Place = (1, 1)
    bases: list[Node] = field(default_factory=list)

    @property
    def waits_for_key(self) -> bool:
        return self.mapping is not None and self.key is None


class _Builder:
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
        node = Node(place, _resolve(event.value) if event.implicit[0] else event.value, weight=1 + len(event.value))
        if self._open and (top := self._open[-1]).mapping is not None and top.waits_for_key:
            return self._name(top, top.mapping, event, node)
        return self._add(node, event.anchor)

    def _name(self, top: _Open, mapping: dict[str, Node], event: yaml.ScalarEvent, node: Node) -> bool:
        key = event.value
        if not isinstance(node.value, str):
            self._refuse(
                node.place, f"{_short(key) or 'nothing'} is not a word and cannot be a key", f'write "{_short(key)}"'
            )
        elif key in mapping:
            line, column = top.node.keys[key]
            self._refuse(
                node.place, f"{_short(key)!r} is written twice", f"it stands in line {line}, column {column} already"
            )
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
            return self._refuse(place, f"nested deeper than {MAX_DEPTH} levels", "make it flatter")
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
        target, name = self._anchors.get(event.anchor), _short(event.anchor)
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
        if key != "<<":
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
    return event.start_mark.line + 1, event.start_mark.column + 1


def _resolve(text: str) -> Scalar:
    """What a word without quotes means in the core schema."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] in "0123456789+-.":
        if _INTEGER.fullmatch(text):
            return int(text)
        if _FLOAT.fullmatch(text):
            return float(text)
    return text
