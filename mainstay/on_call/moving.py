"""Moving in from another program: its schedules as a file for the catalogue."""

from typing import Any, NamedTuple

from mainstay.domain.grafana_oncall import translate
from mainstay.domain.yaml_text import write


class Moved(NamedTuple):
    """A catalogue's file as text, and what of the export is not in it."""

    yaml: str
    left_out: list[str]


def from_grafana_oncall(export: Any) -> Moved:
    """Nothing is applied. Raises Unreadable."""
    made = translate(export)
    return Moved(write({key: value for key, value in made.shared.items() if value}), made.left_out)
