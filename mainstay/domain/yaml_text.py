"""YAML text ⇄ plain values, with the line and column of every key and value. Bounded, whoever wrote the text.

What is read is YAML 1.2's core schema, not 1.1: ``on``, ``yes`` and ``no`` are words, dates are words, and only
``true`` and ``false`` are truth values; a key is always a word. Everything that makes YAML surprising or dangerous is
refused with its position: tags, a second document, a key written twice, aliases that grow without bound.
"""

import re
from collections.abc import Mapping
from typing import Any

import yaml

from mainstay.domain.yaml_builder import TOO_DEEP, Builder, resolve
from mainstay.domain.yaml_node import Flaw, Node, Place, Unreadable

MAX_BYTES = 2_000_000
"""The largest file that is read."""

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the C parser, where PyYAML was built with it


def read(data: bytes) -> Node:
    """The one document in ``data``; raises Unreadable with every flaw that was found."""
    text = _decode(data)
    builder = Builder()
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
    if "maximum nesting depth" in (error.problem or ""):  # the C parser reads ahead, and gives up before we are asked
        return Flaw(line, column, "", TOO_DEEP, "make it flatter")
    lines = text.split("\n", line)
    tab = line <= len(lines) and "\t" in lines[line - 1][:column]
    problem = " ".join(filter(None, (error.context, error.problem)))
    return Flaw(line, column, "", f"not YAML: {problem}", "write spaces instead of the tab" if tab else "")


def _reader_flaw(error: yaml.YAMLError, text: str) -> Flaw:
    position = getattr(error, "position", None)
    # Which character it is cannot be had reliably from the library: look for the first that YAML does not allow.
    found = _CONTROL.search(text)
    line, column = _place_of(text[: found.start()]) if found else _place_of(text[: position or 0])
    what = f"the character U+{ord(found[0]):04X} may not stand in YAML" if found else "not YAML"
    return Flaw(line, column, "", what, "remove it")


_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x80-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")


def write(value: Mapping[str, Any]) -> str:
    """Text that ``read`` reads back to the same values."""
    return yaml.dump(
        dict(value), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110, default_flow_style=False
    )


class _Dumper(yaml.SafeDumper):
    """No aliases, and quotes around every word that would be read as something else."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002  # the library names it
        return True

    def words(self, text: str) -> yaml.ScalarNode:
        """A string; one of several lines as a block."""
        return self.represent_scalar("tag:yaml.org,2002:str", text, style=_style(text))


def _style(text: str) -> str | None:
    if _BREAKS.search(text):
        return '"'
    if "\n" in text:
        return "|"
    return None if isinstance(resolve(text), str) else "'"


_BREAKS = re.compile("[\x85\u2028\u2029\ufeff\r]")

_Dumper.add_representer(str, _Dumper.words)
