"""This very host's counters, by psutil."""

import os
import time
from collections.abc import Sequence

import psutil

from mainstay.domain.host import VIRTUAL, Counters, in_a_file


def local_counters(mounts: Sequence[str]) -> Counters:
    """Read now. ``mounts`` empty: all disks of this machine."""
    times = psutil.cpu_times()
    disk, network = psutil.disk_io_counters(), psutil.net_io_counters()
    spaces = {mount: os.statvfs(mount) for mount in (mounts or _own_mounts())}
    waiting = float(getattr(times, "iowait", 0.0))
    total = sum(times[:8])
    return Counters(
        cores=psutil.cpu_count() or 1,
        busy=total - times.idle - waiting,
        waiting=waiting,
        total=total,
        memory=psutil.virtual_memory().percent,
        swap=psutil.swap_memory().percent,
        load=os.getloadavg()[0],
        processes=len(psutil.pids()),
        uptime=time.time() - psutil.boot_time(),
        disks={
            mount: ((one.f_blocks - one.f_bfree) * one.f_frsize, one.f_bavail * one.f_frsize)
            for mount, one in spaces.items()
        },
        inodes={mount: (one.f_files - one.f_ffree, one.f_favail) for mount, one in spaces.items() if one.f_files},
        read=disk.read_bytes if disk else 0,
        written=disk.write_bytes if disk else 0,
        disk_time=float(getattr(disk, "busy_time", 0)) / 1000,
        received=network.bytes_recv,
        sent=network.bytes_sent,
        errors=network.errin + network.errout,
    )


def _own_mounts() -> list[str]:
    """Disks only, each once although it may be mounted at several places."""
    seen: dict[str, str] = {}
    for part in psutil.disk_partitions(all=False):
        if part.fstype in VIRTUAL or in_a_file(part.device):
            continue
        if part.device not in seen and "ro" not in part.opts.split(","):
            seen[part.device] = part.mountpoint
    return list(seen.values()) or ["/"]
