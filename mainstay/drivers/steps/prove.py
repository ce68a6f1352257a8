"""A proof that the newest copy of a policy restores, waited for. Anything but proved is a failure."""

from typing import Any

from mainstay.domain.saying import say
from mainstay.drivers.steps import Again, Bench, Done, StepFailed
from mainstay.drivers.steps._job import OfPolicy, awaited

FIXED = ("policy",)
Settings = OfPolicy


def repeatable(_settings: Any) -> bool:
    """The job is asked for once, whoever asks again."""
    return True


def asks(_settings: Any) -> bool:
    return False


def perform(settings: OfPolicy, bench: Bench) -> Done | Again:
    seen = awaited(settings.policy, "prove", bench)
    if isinstance(seen, Again):
        return seen
    if seen.get("verdict") != "proved":
        raise StepFailed(say("the copy is %(verdict)s", verdict=str(seen.get("verdict"))), retry=False)
    return Done({"job": seen["job"], "copy": seen.get("copy"), "verdict": "proved"})
