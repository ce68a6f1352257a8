"""A copy by a policy of the catalogue, waited for."""

from typing import Any

from mainstay.drivers.steps import Again, Bench, Done
from mainstay.drivers.steps._job import OfPolicy, awaited

FIXED = ("policy",)
Settings = OfPolicy


def repeatable(_settings: Any) -> bool:
    """The job is asked for once, whoever asks again."""
    return True


def asks(_settings: Any) -> bool:
    return False


def perform(settings: OfPolicy, bench: Bench) -> Done | Again:
    seen = awaited(settings.policy, "backup", bench)
    if isinstance(seen, Again):
        return seen
    return Done({"job": seen["job"], "copy": seen.get("copy")})
