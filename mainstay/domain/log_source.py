"""Where a component writes what happens to it, as a user says in the catalogue."""

from typing import Annotated, Any

from pydantic import Field, model_validator

from mainstay.domain.document_forms import Mapping, Name

MOST_BYTES = 65_536
"""What is taken of a log at once: its end."""
MOST_LINES = 200
WAYS = ("file", "unit", "command")

Word = Annotated[str, Field(min_length=1, max_length=1000, pattern=r"^[^\x00]+$")]


class LogSource(Mapping):
    """A file, a unit of systemd's journal, or a program that prints a log. Exactly one of the three."""

    file: Annotated[str, Field(pattern=r"^/[^\x00]+$", max_length=1000)] | None = Field(
        None, description="an absolute path; its end is taken"
    )
    unit: Annotated[str, Field(pattern=r"^[A-Za-z0-9@:_.\\-]{1,200}$")] | None = Field(
        None, description="a unit of systemd, such as tryton.service"
    )
    command: list[Word] | None = Field(
        None, min_length=1, max_length=50, description="the program, then its arguments one by one; it must only print"
    )
    on: Name | None = Field(None, description="the component of kind host where it lies; without it, this machine")

    @model_validator(mode="before")
    @classmethod
    def _one_way(cls, value: Any) -> Any:
        if isinstance(value, dict) and sum(value.get(way) is not None for way in WAYS) != 1:
            raise ValueError("write one of file, unit and command")
        return value

    @property
    def name(self) -> str:
        """What people recognise it by."""
        return self.file or self.unit or " ".join(self.command or ())


def words(source: LogSource) -> list[str]:
    """The program that prints the end of the log, and its arguments: never a shell's line."""
    if source.file is not None:
        return ["tail", "-c", str(MOST_BYTES), "--", source.file]
    if source.unit is not None:
        lines = f"--lines={MOST_LINES}"
        return ["journalctl", "--no-pager", "--quiet", "--output=short-iso", lines, f"--unit={source.unit}"]
    return list(source.command or ())


def ending(text: str) -> str:
    """The last lines of a log within what is kept of it; a line that was cut at its beginning goes."""
    lines = text.replace("\r\n", "\n").rstrip("\n").split("\n")
    kept, size = list[str](), 0
    for line in reversed(lines[-MOST_LINES:]):
        size += len(line) + 1
        if size > MOST_BYTES:
            break
        kept.append(line)
    return "\n".join(reversed(kept))
