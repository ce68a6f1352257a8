"""What a PostgreSQL primary had committed beyond a point of its log: counted there by one small program, read here."""

import re
import shlex
from dataclasses import dataclass
from datetime import UTC, datetime

from mainstay.domain.saying import say

FIRST_OWN = 16_384
"""Numbers of relations below are the server's own catalogue, whose rows are nobody's."""

_COUNT = r"""
function pad(x) { return substr("00000000" x, length(x) + 1) }
function key(lsn,   p) { split(lsn, p, "/"); return pad(p[1]) pad(p[2]) }
BEGIN { from = key(since) }
/^rmgr: / {
  read++
  if (!match($0, /lsn: [0-9A-F]+\/[0-9A-F]+/)) next
  if (key(substr($0, RSTART + 5, RLENGTH - 5)) < from) next
  match($0, /tx: +[0-9]+/); tx = substr($0, RSTART + 3, RLENGTH - 3) + 0
}
/^rmgr: Heap/ {
  rel = 0
  if (match($0, /rel [0-9]+\/[0-9]+\/[0-9]+/)) { split(substr($0, RSTART + 4, RLENGTH - 4), r, "/"); rel = r[3] + 0 }
  if (rel < own) next
  if ($0 ~ /desc: (INSERT|UPDATE|HOT_UPDATE|DELETE)/) rows[tx]++
  if (match($0, /MULTI_INSERT[^0-9]*[0-9]+/)) { n = substr($0, RSTART, RLENGTH); gsub(/[^0-9]/, "", n); rows[tx] += n }
}
/^rmgr: Transaction/ && /desc: COMMIT / {
  commits++; total += rows[tx]
  if (match($0, /subxacts: [0-9 ]+/)) {
    n = split(substr($0, RSTART + 10, RLENGTH - 10), s, " "); for (i = 1; i <= n; i++) total += rows[s[i] + 0]
  }
  if (match($0, /COMMIT [0-9-]+ [0-9:.]+/)) last = substr($0, RSTART + 7, RLENGTH - 7)
  if (first == "") first = last
}
END { printf "read=%d commits=%d rows=%d first=%s last=%s\n", read, commits, total, first, last }
"""
_LSN = re.compile(r"[0-9A-F]{1,8}/[0-9A-F]{1,8}")
_FOUND = re.compile(r"^read=(\d+) commits=(\d+) rows=(\d+) first=(.*?) last=(.*)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Loss:
    """``seconds`` between the last commit that was kept, or where that is not known the first that was lost, and the
    last that was lost."""

    commits: int
    rows: int
    seconds: float


def command(data: str, programs: str, since: str, timeline: int) -> str:
    """A line for a POSIX shell that counts. It begins to read before ``since``, at a megabyte's start, which no file of
    a log is smaller than: a log of which nothing can be read must not look like one to which nothing was added. Raises
    ValueError."""
    if not _LSN.fullmatch(since):
        raise ValueError(say("%(text)s is no place in a log", text=since))
    high, _, low = since.partition("/")
    start = f"{high}/{max(0, int(low, 16) - 1) & 0xFFF00000:X}"
    path = f"PATH={programs}:/usr/bin:/bin" if programs else "PATH=/usr/bin:/bin"
    dump = [
        "env", "TZ=UTC", "LC_ALL=C", path, "pg_waldump", f"--path={data.rstrip('/')}/pg_wal", f"--start={start}",
        f"--timeline={timeline}",
    ]  # fmt: skip
    count = ["awk", "-v", f"since={since}", "-v", f"own={FIRST_OWN}", _COUNT]
    return f"{shlex.join(dump)} 2>/dev/null | {shlex.join(count)}"


def parsed(printed: str, kept: str = "") -> Loss:
    """``kept`` is when the last commit was made that the standby has, as PostgreSQL writes a time. Raises ValueError
    when nothing of the log could be read."""
    found = _FOUND.search(printed)
    if found is None or found[1] == "0":
        raise ValueError(say("the log could not be read there"))
    commits, rows = int(found[2]), int(found[3])
    if not commits:
        return Loss(0, rows, 0.0)
    last = _moment(found[5])
    first = _moment(kept) if kept else _moment(found[4])
    return Loss(commits, rows, max(0.0, (last - first).total_seconds()))


def _moment(text: str) -> datetime:
    """PostgreSQL's way to write a time; without a zone it is UTC."""
    at = datetime.fromisoformat(re.sub(r"([+-]\d\d)$", r"\1:00", text.strip()))
    return at if at.tzinfo else at.replace(tzinfo=UTC)
