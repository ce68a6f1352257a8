"""A host: processors, memory, disks, network, load, processes, clock. This one by psutil; others over SSH, with nothing
installed there but what every Linux has and with a host key that was pinned beforehand, or from a node_exporter."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import replace

from pydantic import Field

from mainstay.domain.host import Counters, parse_proc, rates, state_of
from mainstay.domain.reading import Reading, late
from mainstay.domain.saying import say
from mainstay.drivers import ssh
from mainstay.drivers.curl import Failed
from mainstay.drivers.exporter_host import WANTED, exporter_counters
from mainstay.drivers.exposition import Access, shown
from mainstay.drivers.kinds import Strict
from mainstay.drivers.local_host import local_counters
from mainstay.drivers.ntp import clock_offset
from mainstay.drivers.probes import Reach

METRICS = {
    "cpu": "%", "cpu_wait": "%", "load": "1", "memory": "%", "swap": "%", "disk": "%", "inodes": "%", "disk_busy": "%",
    "disk_read": "B/s", "disk_write": "B/s", "network_in": "B/s", "network_out": "B/s", "network_errors": "1/s",
    "processes": "1", "uptime": "s", "clock_offset": "s",
}  # fmt: skip
TITLES = {
    "cpu": say("processor use"), "cpu_wait": say("processor waiting for disks"), "load": say("load per processor"),
    "memory": say("memory in use"), "swap": say("swap in use"), "disk": say("fullest disk"),
    "inodes": say("inodes in use"), "disk_busy": say("busiest disk"), "disk_read": say("read from disks"),
    "disk_write": say("written to disks"), "network_in": say("received from the network"),
    "network_out": say("sent to the network"), "network_errors": say("network errors"), "processes": say("processes"),
    "uptime": say("time since the start"), "clock_offset": say("clock offset"),
}  # fmt: skip

_COMMAND = (
    "date +%s.%N; echo ==; "
    "cat /proc/stat; echo ==; cat /proc/meminfo; echo ==; cat /proc/loadavg; echo ==; cat /proc/net/dev; echo ==; "
    "cat /proc/diskstats; echo ==; cat /proc/uptime; echo ==; "
    "df -P -B1 -l -x tmpfs -x devtmpfs -x overlay -x squashfs; echo ==; "
    "df -P -i -l -x tmpfs -x devtmpfs -x overlay -x squashfs"
)


class Settings(Strict):
    """Without ``user`` it signs in as the component says, should it say so; without either, and without ``exporter``,
    the component's ``address: local`` is looked at from inside."""

    user: str = ""
    key_file: str = Field("", description="the private key to sign in with")
    host_key: str = Field("", description="the host's public key, as in known_hosts: ssh-ed25519 AAAA…")
    port: int = Field(22, ge=1, le=65535)
    exporter: str = Field("", description="the page of a node_exporter there: http://192.0.2.7:9100/metrics")
    ntp: str = Field("", description="for address: local, a time server to which its clock is compared")
    mounts: list[str] = Field([], description="only these; empty: all of this machine's own disks")


class Probe:
    """Keeps the counters of the look before, for rates."""

    def __init__(self, settings: Settings, reach: Reach) -> None:
        self._settings, self._reach = settings, reach
        self._address = str(reach.component.get("address", "local"))
        self._before: tuple[float, Counters] | None = None

    async def read(self) -> Reading:
        try:
            async with asyncio.timeout(self._reach.timeout):
                counters = await self._counters()
        except TimeoutError:
            return Reading(problem=late(self._reach.timeout))
        except Failed as error:
            return Reading(problem=error.problem)
        except ssh.ERRORS as error:
            problem, blind = ssh.problem_of(error, self._door())
            return Reading(problem=problem, blind=blind)
        return Reading(self._values(counters), rows=_disks(counters))

    async def _counters(self) -> Counters:
        settings = self._settings
        if settings.exporter:
            page = await asyncio.to_thread(
                shown, settings.exporter, Access(), self._reach.network, self._reach.timeout, WANTED
            )
            return exporter_counters(page, settings.mounts)
        if self._address in ("local", "localhost") and not self._door().user:
            counters = local_counters(settings.mounts)
            if settings.ntp:
                ahead = await clock_offset(settings.ntp, self._reach.network)
                counters = replace(counters, clock_offset=-ahead)
            return counters
        answer = await ssh.run(_COMMAND, self._door(), self._reach.network)
        return parse_proc(answer.text, settings.mounts, answer.asked)

    def _door(self) -> ssh.Door:
        settings = self._settings
        if not settings.user:
            return ssh.door_of(self._reach.component)
        return ssh.Door(self._address, settings.user, settings.key_file, settings.host_key, settings.port)

    def _values(self, counters: Counters) -> Mapping[str, float]:
        now, before = time.monotonic(), self._before
        self._before = (now, counters)
        values = state_of(counters)
        if before is not None:
            values |= rates(before[1], counters, now - before[0])
        return values

    def close(self) -> None:
        """Nothing is kept open between two looks."""


def _disks(counters: Counters) -> list[dict[str, object]]:
    """Each file system, the fullest first."""
    rows = [
        {"mount": mount, "used": used, "free": free, "percent": round(100 * used / max(1, used + free), 1)}
        for mount, (used, free) in counters.disks.items()
    ]
    return sorted(rows, key=lambda row: float(str(row["percent"])), reverse=True)[:20]
