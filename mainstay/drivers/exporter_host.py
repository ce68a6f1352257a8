"""A host's counters as Prometheus' node_exporter shows them."""

from collections.abc import Iterable, Sequence

from mainstay.domain.host import VIRTUAL, Counters, in_a_file, is_disk
from mainstay.domain.saying import say
from mainstay.drivers.exposition import Sample

_CPU, _OFFSET = "node_cpu_seconds_total", "node_timex_offset_seconds"
_ONE = {
    "available": "node_memory_MemAvailable_bytes", "memory": "node_memory_MemTotal_bytes",
    "swap_free": "node_memory_SwapFree_bytes", "swap": "node_memory_SwapTotal_bytes", "load": "node_load1",
    "now": "node_time_seconds", "booted": "node_boot_time_seconds",
}  # fmt: skip
_DISK = {
    "read": "node_disk_read_bytes_total", "written": "node_disk_written_bytes_total",
    "time": "node_disk_io_time_seconds_total",
}  # fmt: skip
_NETWORK = {
    "received": "node_network_receive_bytes_total", "sent": "node_network_transmit_bytes_total",
    "errors in": "node_network_receive_errs_total", "errors out": "node_network_transmit_errs_total",
}  # fmt: skip
_SPACE = {
    "size": "node_filesystem_size_bytes", "free": "node_filesystem_free_bytes",
    "available": "node_filesystem_avail_bytes",
}  # fmt: skip
_INODES = {"size": "node_filesystem_files", "free": "node_filesystem_files_free"}
WANTED = (_CPU, _OFFSET, *_ONE.values(), *_DISK.values(), *_NETWORK.values(), *_SPACE.values(), *_INODES.values())


def exporter_counters(shown: Iterable[Sample], mounts: Sequence[str]) -> Counters:
    """From the page's samples of the metrics that are ``WANTED``. Raises ValueError when it is no node_exporter's."""
    found: dict[str, list[Sample]] = {}
    for sample in shown:
        found.setdefault(sample.name, []).append(sample)
    if _CPU not in found or _ONE["memory"] not in found:
        raise ValueError(say("there are no processors or no memory on the page; it does not look like node_exporter's"))
    one = {name: found[metric][0].value if metric in found else 0.0 for name, metric in _ONE.items()}
    modes = {mode: _total(one for one in found[_CPU] if one.labels.get("mode") == mode) for mode in _MODES}
    disks = {name: _total(filter(_of_a_disk, found.get(metric, ()))) for name, metric in _DISK.items()}
    links = {name: _total(filter(_of_a_link, found.get(metric, ()))) for name, metric in _NETWORK.items()}
    space, inodes = _tables(found, _SPACE, mounts), _tables(found, _INODES, mounts)
    return Counters(
        cores=len({sample.labels.get("cpu") for sample in found[_CPU]}),
        busy=sum(modes.values()) - modes["idle"] - modes["iowait"],
        waiting=modes["iowait"],
        total=sum(modes.values()),
        memory=100 * (1 - one["available"] / one["memory"]),
        swap=100 * (1 - one["swap_free"] / one["swap"]) if one["swap"] else 0.0,
        load=one["load"],
        processes=None,
        uptime=one["now"] - one["booted"],
        disks={mount: (int(row["size"] - row["free"]), int(row["available"])) for mount, row in space.items()},
        inodes={mount: (int(row["size"] - row["free"]), int(row["free"])) for mount, row in inodes.items()},
        read=int(disks["read"]),
        written=int(disks["written"]),
        disk_time=disks["time"],
        received=int(links["received"]),
        sent=int(links["sent"]),
        errors=int(links["errors in"] + links["errors out"]),
        clock_offset=found[_OFFSET][0].value if _OFFSET in found else None,
    )


_MODES = ("user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal")


def _total(chosen: Iterable[Sample]) -> float:
    return sum(sample.value for sample in chosen)


def _of_a_disk(sample: Sample) -> bool:
    return is_disk(sample.labels.get("device", ""))


def _of_a_link(sample: Sample) -> bool:
    return sample.labels.get("device") != "lo"


def _of_a_space(sample: Sample) -> bool:
    return sample.labels.get("fstype") not in VIRTUAL and not in_a_file(sample.labels.get("device", ""))


def _tables(
    found: dict[str, list[Sample]], metrics: dict[str, str], mounts: Sequence[str]
) -> dict[str, dict[str, float]]:
    """Mount point → what is known of it, where all of it is and there is anything at all."""
    rows: dict[str, dict[str, float]] = {}
    for name, metric in metrics.items():
        for sample in found.get(metric, ()):
            mount = sample.labels.get("mountpoint", "")
            if mount in mounts if mounts else _of_a_space(sample):
                rows.setdefault(mount, {})[name] = sample.value
    return {mount: row for mount, row in rows.items() if len(row) == len(metrics) and row["size"]}
