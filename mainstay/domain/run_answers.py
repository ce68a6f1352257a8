"""What people say in a run: answers held to their questions, and who may approve what."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mainstay.domain.actor import Role, person_name
from mainstay.domain.restoring import is_person
from mainstay.domain.run_values import written
from mainstay.domain.runbook import Question
from mainstay.domain.saying import say

MOST_TEXT = 50_000
"""Characters that are kept of what a step printed: its beginning and its end."""
MOST_VALUE = 4_000
"""Characters of one output."""
MOST_OUTPUTS = 50


class Refused(ValueError):
    """Not like this, or not now; ``str()`` says why."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Whose word counts for an approval, and how many are needed."""

    role: Role
    quorum: int
    requester: str


def answers(questions: Mapping[str, Question], given: Mapping[str, Any]) -> dict[str, Any]:
    """The answers in the form that was asked for, defaults put in. Raises Refused."""
    if strangers := sorted(set(given) - set(questions)):
        raise Refused(say("nobody asked for %(name)s", name=strangers[0]))
    return {name: _answer(name, question, given.get(name)) for name, question in questions.items()}


def _answer(name: str, question: Question, value: Any) -> Any:
    if value is None or value == "":
        value = question.default
    if value is None or value == "":
        if question.required and question.kind != "flag":
            raise Refused(say("%(name)s is missing", name=name))
        return False if question.kind == "flag" else None
    return _FORMS[question.kind](name, question, value)


def _text(name: str, question: Question, value: Any) -> str:
    text = written(value)
    if len(text) > question.longest or "\x00" in text:
        raise Refused(say("%(name)s may have %(most)s characters at most", name=name, most=question.longest))
    return text


def _number(name: str, question: Question, value: Any) -> float | int:
    try:
        found = float(value)
    except (TypeError, ValueError):
        found = float("nan")
    if not math.isfinite(found) or isinstance(value, bool):
        raise Refused(say("%(name)s must be a number", name=name))
    if question.least is not None and found < question.least:
        raise Refused(say("%(name)s must be %(least)s at least", name=name, least=f"{question.least:g}"))
    if question.most is not None and found > question.most:
        raise Refused(say("%(name)s must be %(most)s at most", name=name, most=f"{question.most:g}"))
    return int(found) if found == int(found) and abs(found) < 2**53 else found


def _flag(name: str, _question: Question, value: Any) -> bool:
    known = {"true": True, "false": False, "yes": True, "no": False, "on": True, "1": True, "0": False}
    if (found := known.get(written(value).lower())) is None:
        raise Refused(say("%(name)s must be true or false", name=name))
    return found


def _choice(name: str, question: Question, value: Any) -> str:
    text = written(value)
    if text not in question.choices:
        raise Refused(say("%(name)s must be one of: %(choices)s", name=name, choices=", ".join(question.choices)))
    return text


_FORMS = {"text": _text, "number": _number, "flag": _flag, "choice": _choice}


def examine_approver(asked: Asked, actor: str, role: Role) -> None:
    """Somebody who is signed in, of that role, and not the one who asked for the run. Raises Refused."""
    if not is_person(actor):
        raise Refused(say("people approve; a token cannot"))
    if person_name(actor).casefold() == person_name(asked.requester).casefold():
        raise Refused(say("a second person approves; %(name)s asked for it", name=person_name(asked.requester)))
    if role < asked.role:
        raise Refused(say("this needs the role %(role)s", role=asked.role.name.lower()))


def capped(text: str, most: int = MOST_TEXT) -> str:
    """Its beginning and its end, where the reason stands."""
    if len(text) <= most:
        return text
    half = most // 2
    return f"{text[:half]}\n… {len(text) - 2 * half} …\n{text[-half:]}"


def output_values(outputs: Mapping[str, Any]) -> dict[str, Any]:
    """Outputs as they are kept for later steps: plain values, bounded."""
    kept: dict[str, Any] = {}
    for name, value in list(outputs.items())[:MOST_OUTPUTS]:
        plain = value if isinstance(value, bool | int | float) or value is None else str(value)[:MOST_VALUE]
        kept[str(name).lower()[:40]] = plain
    return kept


def concealed(value: Any, secrets: Mapping[str, str]) -> Any:
    """Without the secrets that the step was given, should something have repeated one."""
    if isinstance(value, str):
        for secret in sorted(secrets.values(), key=len, reverse=True):
            if len(secret) > 3:
                value = value.replace(secret, "***")
        return value
    if isinstance(value, Mapping):
        return {key: concealed(child, secrets) for key, child in value.items()}
    if isinstance(value, list | tuple):
        return [concealed(child, secrets) for child in value]
    return value
