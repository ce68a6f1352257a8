"""A Linux host's counters, and what they say: shares in percent, rates per second (see proc(5))."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

SECTOR = 512
"""Bytes of the sectors that /proc/diskstats counts, whatever the disk's own are."""


@dataclass(frozen=True, slots=True)
class Counters:
    """Read at one moment. Times in seconds since boot, memory and disks in bytes."""

    cores: int
    busy: float
    waiting: float
    total: float
    memory: float
    swap: float
    load: float
    processes: int | None
    uptime: float
    disks: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    inodes: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    read: int = 0
    written: int = 0
    disk_time: float = 0.0
    received: int = 0
    sent: int = 0
    errors: int = 0
    clock_offset: float | None = None
    """Seconds by which the host's clock is ahead, where that is known."""


def state_of(counters: Counters) -> dict[str, float]:
    """What one moment says; of disks and inodes the fullest. Load is per core."""
    values = {
        "memory": counters.memory, "swap": counters.swap, "load": counters.load / max(1, counters.cores),
        "uptime": counters.uptime,
    }  # fmt: skip
    if counters.processes is not None:
        values["processes"] = float(counters.processes)
    if counters.clock_offset is not None:
        values["clock_offset"] = counters.clock_offset
    for name, found in (("disk", counters.disks), ("inodes", counters.inodes)):
        shares = [100 * used / (used + free) for used, free in found.values() if used + free]
        if shares:
            values[name] = max(shares)
    return values


def rates(before: Counters, after: Counters, seconds: float) -> dict[str, float]:
    """What happened in between; nothing when the host was started anew."""
    total = after.total - before.total
    if seconds <= 0 or total <= 0 or after.uptime < before.uptime:
        return {}
    values = {
        "cpu": 100 * (after.busy - before.busy) / total,
        "cpu_wait": 100 * (after.waiting - before.waiting) / total,
        "disk_busy": min(100.0, 100 * (after.disk_time - before.disk_time) / seconds),
        "disk_read": (after.read - before.read) / seconds,
        "disk_write": (after.written - before.written) / seconds,
        "network_in": (after.received - before.received) / seconds,
        "network_out": (after.sent - before.sent) / seconds,
        "network_errors": (after.errors - before.errors) / seconds,
    }
    return {name: max(0.0, value) for name, value in values.items()}


def parse_proc(text: str, mounts: Sequence[str], asked: float) -> Counters:
    """The answer of a host to the nine commands of the probe. Raises ValueError when a part is missing.

    ``asked`` is the wall time in the middle of asking, from which the host's clock is told.
    """
    parts = [part.strip().splitlines() for part in text.split("==\n")]
    if len(parts) != 9:
        raise ValueError(f"the host answered {len(parts)} of 9 parts; it does not look like Linux")
    clock, stat, memory, load, network, disks, uptime, space, inodes = parts
    times = [float(value) / 100 for value in stat[0].split()[1:]]
    known = {line.split(":")[0]: int(line.split()[1]) * 1024 for line in memory if ":" in line}
    devices = [row for line in disks if _is_whole(row := line.split(), disks)]
    links = [line.replace(":", " ").split() for line in network[2:] if not line.strip().startswith("lo:")]
    return Counters(
        cores=sum(line.startswith("cpu") for line in stat) - 1,
        busy=sum(times[:8]) - times[3] - times[4],
        waiting=times[4],
        total=sum(times[:8]),
        memory=100 * (1 - known["MemAvailable"] / known["MemTotal"]),
        swap=100 * (1 - known["SwapFree"] / known["SwapTotal"]) if known.get("SwapTotal") else 0.0,
        load=float(load[0].split()[0]),
        processes=int(load[0].split()[3].split("/")[1]),
        uptime=float(uptime[0].split()[0]),
        disks=_table(space, mounts),
        inodes=_table(inodes, mounts),
        read=sum(int(row[5]) for row in devices) * SECTOR,
        written=sum(int(row[9]) for row in devices) * SECTOR,
        disk_time=max((int(row[12]) / 1000 for row in devices), default=0.0),
        received=sum(int(row[1]) for row in links),
        sent=sum(int(row[9]) for row in links),
        errors=sum(int(row[3]) + int(row[11]) for row in links),
        clock_offset=_ahead(clock, asked),
    )


def _ahead(clock: Sequence[str], asked: float) -> float | None:
    """Some small systems' ``date`` knows no fractions of a second; theirs is left out."""
    try:
        return float(clock[0]) - asked
    except (ValueError, IndexError):
        return None


def is_disk(device: str) -> bool:
    """Whether a device is a disk of its own, and not made of other disks, of memory or of a file."""
    return not device.startswith(("loop", "ram", "zram", "dm-", "sr", "md"))


def in_a_file(device: str) -> bool:
    """Whether a file system lies in a file of another, as an image does, or the room of a proof."""
    return device.startswith("/dev/loop")


VIRTUAL = frozenset({"tmpfs", "devtmpfs", "ramfs", "overlay", "squashfs", "proc", "sysfs"})
"""File systems that are no disk."""


def _is_whole(row: Sequence[str], lines: Sequence[str]) -> bool:
    """Whole disks only: a partition's name begins with its disk's, which the list has too."""
    name = row[2]
    if not is_disk(name):
        return False
    return not any(name != other and name.startswith(other) for line in lines if (other := line.split()[2]))


def _table(lines: Sequence[str], mounts: Sequence[str]) -> dict[str, tuple[int, int]]:
    """df -P: mount point → used and free; file systems without inodes say ``-``."""
    found = {}
    for line in lines[1:]:
        row = line.split(None, 5)
        if len(row) < 6 or not row[2].isdecimal() or not row[3].isdecimal():
            continue
        if row[5] in mounts if mounts else not in_a_file(row[0]):
            found[row[5]] = (int(row[2]), int(row[3]))
    return found
