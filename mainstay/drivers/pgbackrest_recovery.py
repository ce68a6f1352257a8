"""From a copy of pgBackRest to a server that stopped at a target: what cannot succeed is refused before it begins."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from mainstay.domain import pgbackrest as printed
from mainstay.domain import wal
from mainstay.domain.saying import say
from mainstay.drivers import pgbackrest_archive as reading
from mainstay.drivers.backup_tools import Run, ToolFailed
from mainstay.drivers.pgbackrest import Repositories
from mainstay.drivers.postgresql_recovery import Recovered, Target, forget, place, recovered

_SLACK = timedelta(seconds=1)
"""A repository tells the time of a file in whole seconds."""


def aimed(point: Mapping[str, Any], target: datetime | str | None) -> Target:
    """A moment, the name of a restore point, a position in the log; without one, the mark at the copy's own end."""
    if target is None:
        return Target("name", str(point["mark"]), "current")
    if isinstance(target, datetime):
        return Target("time", target.isoformat(sep=" "))
    return Target("lsn" if "/" in target else "name", target)


def refuse(own: Repositories, point: Mapping[str, Any], aim: Target, until: float) -> None:
    """Raises ToolFailed: missing or refused, when the repository cannot serve this."""
    repository = int(point["repository"])
    kept = {one.label: one for one in reading.copies(own, repository, until)}
    if point["label"] not in kept:
        raise ToolFailed("missing", say("the copy %(copy)s is not in the repository", copy=point["label"]))
    if aim.kind == "time":
        _refuse_moment(own, point, aim.value, until)
        return
    there = reading.archive(own, repository, until)
    left = reading.histories(own, there, repository, until)
    last = str(point["segment"]) if aim.value == point["mark"] else kept[str(point["label"])].last
    if aim.kind == "lsn":
        _refuse_position(point, aim.value)
        last = wal.holding(max(left, default=0) + 1, aim.value, int(point["segment_size"]))
    if gaps := reading.unbroken(kept[str(point["label"])], there, left, last).gaps:
        raise ToolFailed("missing", reading.missing(gaps))


def _refuse_position(point: Mapping[str, Any], lsn: str) -> None:
    try:
        at = wal.position(lsn)
    except ValueError as error:
        raise ToolFailed("refused", str(error)) from None
    if at < wal.position(str(point["whole_lsn"])):
        text = say("%(target)s is before the copy, whole at %(whole)s", target=lsn, whole=point["whole_lsn"])
        raise ToolFailed("refused", text)


def _refuse_moment(own: Repositories, point: Mapping[str, Any], value: str, until: float) -> None:
    target, whole = datetime.fromisoformat(value), datetime.fromisoformat(str(point["whole_at"]))
    if target > datetime.now(UTC):
        raise ToolFailed("refused", say("%(target)s lies in the future", target=target))
    if target < whole:
        text = say("%(target)s is before the copy, whole at %(whole)s", target=target, whole=whole)
        raise ToolFailed("refused", text)
    came = reading.archive(own, int(point["repository"]), until).came
    if came is not None and target > came + _SLACK:
        text = say("%(target)s is after the end of the archive at %(end)s", target=target, end=came)
        raise ToolFailed("refused", text)


def restored(own: Repositories, run: Run, point: Mapping[str, Any], aim: Target) -> Recovered:
    """Restore exactly this copy below ``run.directory`` and recover it to the target. Raises ToolFailed."""
    here = place(run.directory, own.account)

    def told(line: str) -> None:
        if (share := printed.progress(line)) is not None:
            run.say("restore", int(share * int(point["size"])), int(point["size"]))

    try:
        own.run(
            "restore", f"--repo={point['repository']}", f"--set={point['label']}", f"--pg1-path={here / 'data'}",
            "--archive-mode=off", f"--tablespace-map-all={here / 'tablespaces'}", "--log-level-console=detail",
            *aim.options(), until=run.until, line=told,
        )  # fmt: skip
        run.say("recover", int(point["size"]), int(point["size"]))
        major, user = int(point["major"]), str(point["user"])
        return recovered(run.directory, major, aim, account=own.account, user=user, until=run.until)
    except ToolFailed as error:
        forget(run.directory)
        if error.code == "missing" and (gaps := reading.gaps(own, int(point["repository"]), run.until)):
            raise ToolFailed("missing", gaps[0]) from None
        raise
