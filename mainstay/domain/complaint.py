"""What a model says against a value, in the words of the house: what is wrong, and what would be right."""

import difflib
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

Path = tuple[str | int, ...]

_LISTED = 12
"""Known names that are listed when none is near."""


@dataclass(frozen=True, slots=True)
class Complaint:
    """``on_key``: it is the key that is wrong, not its value."""

    path: Path
    what: str
    right: str = ""
    on_key: bool = False


def nearest(word: str, known: Collection[str]) -> str:
    """What would be right: the known name most like ``word``, or the known names."""
    near = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    if near:
        return f"did you mean {near[0]!r}?"
    if not known:
        return ""
    listed = sorted(known)
    return "known are " + ", ".join(listed[:_LISTED]) + (" …" if len(listed) > _LISTED else "")


def complaints(error: ValidationError, model: type[BaseModel]) -> Iterator[Complaint]:
    """Everything that ``model`` found wrong."""
    for item in error.errors(include_url=False):
        yield _complaint(item, model)


def _complaint(item: ErrorDetails, model: type[BaseModel]) -> Complaint:
    path, kind, value, context = item["loc"], item["type"], item["input"], item.get("ctx", {})
    if path and path[-1] == "[key]":
        named = Complaint(path[:-1], f"{path[-2]!r} is not a name", _pattern_rule(path), on_key=True)
        return _known_key(named, context) if kind == "literal_error" else named
    if kind == "extra_forbidden":
        key = str(path[-1])
        return Complaint(path, f"unknown key {key!r}", nearest(key, _fields_at(model, path[:-1])), on_key=True)
    if kind == "missing":
        return Complaint(path, f"the key {str(path[-1])!r} is missing", on_key=True)
    if kind == "value_error":
        what, _, right = str(context["error"]).partition("; ")
        return Complaint(path, what, right)
    if kind in ("literal_error", "enum"):
        known = re.findall(r"'([^']*)'|(\d+)", str(context["expected"]))
        return Complaint(path, f"{_short(value)} is not known", nearest(str(value), [a or b for a, b in known]))
    return Complaint(path, *_of_type(kind, value, item["msg"]))


def _known_key(complaint: Complaint, context: dict[str, Any]) -> Complaint:
    known = re.findall(r"'([^']*)'", str(context["expected"]))
    key = str(complaint.path[-1])
    return Complaint(complaint.path, f"unknown key {key!r}", nearest(key, known), on_key=True)


def _pattern_rule(path: Path) -> str:
    return "write letters, digits and _" if "parameters" in path else "write small letters, digits and hyphens"


_EXPECTED = {
    "string": ("text", "write one word or sentence"),
    "dict": ("a mapping", "write key: value"),
    "model": ("a mapping", "write key: value"),
    "list": ("a list", "write [one, two]"),
    "int": ("a whole number", "write one without quotes"),
    "float": ("a number", "write one without quotes"),
    "bool": ("true or false", "write one of them"),
}


def _of_type(kind: str, value: Any, message: str) -> tuple[str, str]:
    if kind == "string_pattern_mismatch":
        return f"{_short(value)} is not a name", "write small letters, digits and hyphens"
    family, _, rest = kind.partition("_")
    if family in _EXPECTED and rest in ("type", "parsing", "from_float", "attributes_type"):
        expected, right = _EXPECTED[family]
        if family == "string" and isinstance(value, bool | int | float):
            right = f'write "{value}"'
        return f"{_short(value)} is {_nature(value)} where {expected} is expected", right
    return f"{_short(value)} does not fit", message[:1].lower() + message[1:]


def _nature(value: Any) -> str:
    if value is None:
        return "nothing"
    names = {bool: "true or false", int: "a number", float: "a number", str: "text", list: "a list", dict: "a mapping"}
    return names.get(type(value), type(value).__name__)


def _short(value: Any) -> str:
    if value is None or isinstance(value, dict | list):
        return "this"
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= 80 else text[:77] + "…"


def _fields_at(model: type[BaseModel], path: Path) -> list[str]:
    """The keys that may stand where ``path`` leads to."""
    models: list[type[BaseModel]] = [model]
    for step in path:
        for one in models:
            if isinstance(step, str) and step in one.model_fields:
                models = _models_in(one.model_fields[step].annotation)
                break
    return sorted({field.alias or name for one in models for name, field in one.model_fields.items()})


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [found for argument in get_args(annotation) for found in _models_in(argument)]
