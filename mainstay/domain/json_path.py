"""Finding a value in a JSON document: ``$.data.items[0].name``, the plain subset of RFC 9535 without wildcards."""

import json
import re
import reprlib
from dataclasses import dataclass
from typing import Any

from mainstay.domain.saying import say

_STEP = re.compile(r"\.([A-Za-z_][\w-]*)|\[(-?\d+)\]|\[['\"]([^'\"\]]+)['\"]\]")


@dataclass(frozen=True, slots=True)
class JsonPath:
    """Steps from the root: names and positions."""

    text: str
    steps: tuple[str | int, ...]

    def find(self, document: Any) -> Any:
        """The value there, or None where there is none."""
        here = document
        for step in self.steps:
            if isinstance(step, str) and isinstance(here, dict):
                here = here.get(step)
            elif isinstance(step, int) and isinstance(here, list) and -len(here) <= step < len(here):
                here = here[step]
            else:
                return None
        return here


def parse_path(text: str) -> JsonPath:
    """Raises ValueError with what would be right."""
    steps: list[str | int] = []
    place = 1
    while text.startswith("$") and place < len(text):
        found = _STEP.match(text, place)
        if not found:
            break
        steps.append(int(found[2]) if found[2] is not None else found[1] or found[3])
        place = found.end()
    if not text.startswith("$") or place != len(text):
        raise ValueError(f"{text!r} is not a path; write such as $.data.items[0].name")
    return JsonPath(text, tuple(steps))


def parse_json(text: str | bytes) -> Any:
    """A document that somebody else wrote. Raises ValueError when it is none, or is nested too deeply to be read."""
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError(say("it is nested too deeply")) from None


def brief(value: Any) -> str:
    """A value of such a document in at most some hundred characters, however long or deep it is."""
    return _BRIEF.repr(value)


_BRIEF = reprlib.Repr()
_BRIEF.maxlevel, _BRIEF.maxstring, _BRIEF.maxother = 3, 150, 150
