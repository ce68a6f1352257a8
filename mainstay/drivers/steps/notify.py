"""Tells people, by the channels of the catalogue."""

from typing import Any

from pydantic import Field

from mainstay.drivers.steps import Bench, Done, StepSettings

FIXED = ("channels",)


class Settings(StepSettings):
    """Without ``channels`` those of the run's system."""

    words: str = Field(min_length=1, max_length=2000)
    channels: list[str] = []


def repeatable(_settings: Any) -> bool:
    """The notice is written down once, whoever asks again."""
    return True


def asks(_settings: Any) -> bool:
    return False


def perform(settings: Settings, bench: Bench) -> Done:
    return Done({"told": bench.means.notify(settings.words, settings.channels)})
