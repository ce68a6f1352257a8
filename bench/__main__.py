"""``python -m bench``: checks through the whole line beside floor and peer in the same minutes, heartbeats in, memory,
samples on disk, the pages over a million state changes, restores to random moments, what backups cost, copies of the
estate with their proofs, a storm of alerts beside Alertmanager, and runs that another engine takes over."""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bench import backups, checks, heartbeats, memory, peers, pitr, storm, takeover
from bench.limits import judged
from bench.servers import nginx

HERE = Path(__file__).resolve().parent
PARTS = (
    "http",
    "tcp",
    "sustained",
    "heartbeats",
    "memory",
    "samples",
    "pages",
    "pitr",
    "backups",
    "proofs",
    "storm",
    "takeover",
)


def main() -> None:
    asked = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    asked.add_argument("parts", nargs="*", choices=[*PARTS, []], help="which; all of them if left out")
    asked.add_argument("--checks", type=int, default=10_000, help="how many, each every 10 s")
    asked.add_argument("--every", type=float, default=3.0, help="seconds between two looks in the part `sustained`")
    asked.add_argument("--peer", type=int, default=2_000, help="how many the peer is given; its cost grows with them")
    asked.add_argument("--seconds", type=float, default=60.0, help="how long each measurement lasts")
    asked.add_argument("--targets", type=int, default=100, help="random moments to restore in the part `pitr`")
    asked.add_argument("--scale", type=float, default=1.0, help="GB of the database in the part `backups`")
    asked.add_argument("--copies", type=int, default=20, help="how many in the part `proofs`")
    asked.add_argument("--alerts", type=int, default=10_000, help="how many in the part `storm`")
    asked.add_argument("--takeovers", type=int, default=10, help="kills in the part `takeover`")
    asked.add_argument("--soak", action="store_true", help="checks alone, without a peer")
    options = asked.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what was started is ended, and the rest removed
    wanted = options.parts or (("http", "tcp") if options.soak else PARTS)
    results: dict[str, Any] = {}
    missed: list[str] = []
    with tempfile.TemporaryDirectory(prefix="mainstay-bench-") as name, nginx(Path(name)) as port:
        for part in wanted:
            results[part] = _measure(part)(Path(name), port, options)
            (HERE / "results.json").write_text(json.dumps(results, indent=1) + "\n")
            for told, well in judged(part, results[part]):
                print(told)
                missed += [] if well else [told]
    if missed:
        sys.exit("\n".join(["what decides was missed:", *missed]))


Options = argparse.Namespace


def _measure(part: str) -> Callable[[Path, int, Options], Any]:
    return {
        "http": _checks("http"), "tcp": _checks("tcp"), "sustained": _sustained, "heartbeats": _heartbeats,
        "memory": _memory, "samples": _samples, "pages": _pages, "pitr": _pitr, "backups": _backups,
        "proofs": _proofs, "storm": _storm,
        "takeover": _takeover,
    }[part]  # fmt: skip


def _checks(kind: str) -> Callable[[Path, int, Options], Any]:
    """The floor, ours, the floor again, then the peer's, and what one is to the other."""

    def measure(directory: Path, port: int, options: Options) -> dict[str, Any]:
        ours, least = _beside_floor(directory, kind, options.checks, 10.0, port, options.seconds)
        theirs = None if options.soak else peers.measure(directory, kind, port, options.peer, options.seconds)
        if theirs is not None:
            ratio = theirs / ours.cpu_ms
            print(f"{kind}: Prometheus with blackbox_exporter {theirs:.3f} ms a probe: {ratio:.1f} times as much")
        elif not options.soak:
            print(f"{kind}: no peer here (Debian packages prometheus and prometheus-blackbox-exporter)")
        return {**asdict(ours), "floor_cpu_ms": least, "peer_cpu_ms": theirs}

    return measure


def _sustained(directory: Path, port: int, options: Options) -> dict[str, Any]:
    """HTTP at a shorter interval: what a core could do follows from the CPU, what was done stands beside it."""
    ours, least = _beside_floor(directory, "http", options.checks, options.every, port, options.seconds)
    print(f"sustained: one core would do {1000 / ours.cpu_ms:.0f}/s, the bare connection {1000 / least:.0f}/s")
    return {**asdict(ours), "floor_cpu_ms": least, "per_second_on_one_core": 1000 / ours.cpu_ms}


def _beside_floor(
    directory: Path, kind: str, count: int, every: float, port: int, seconds: float
) -> tuple[checks.Measured, float]:
    before = _floor(kind, port)
    ours = checks.measure(directory, kind, count, every, port, seconds)
    least = (before + _floor(kind, port)) / 2
    print(
        f"{kind}: {ours.checks} checks at {every:g} s: {ours.per_second:.0f}/s of {ours.wanted_per_second:.0f} wanted, "
        f"{ours.cpu_ms:.3f} ms CPU a check, delay p50 {ours.delay_p50:.1f} p99 {ours.delay_p99:.1f} ms, "
        f"{ours.memory:.0f} MB, {ours.not_ok} not ok"
    )
    print(f"{kind}: a bare connection by the same means {least:.3f} ms: ours is {ours.cpu_ms / least:.1f} times that")
    return ours, least


def _floor(kind: str, port: int) -> float:
    """CPU milliseconds of the least that can be done here and now."""
    return float(_run("bench.floors", kind, str(port), "20000"))


def _heartbeats(directory: Path, _port: int, options: Options) -> dict[str, Any]:
    found = heartbeats.measure(directory, min(options.seconds, 30.0))
    print(
        f"heartbeats: {found.per_second:.0f}/s came, {found.cpu_ms:.3f} ms CPU a ping: one core would do "
        f"{found.per_cpu_second:.0f}/s; {found.pings} answered, {found.kept} in the database"
    )
    return asdict(found)


def _memory(directory: Path, port: int, _options: Options) -> dict[str, Any]:
    found = memory.measure(directory, 500, port)
    print("memory: 500 checks, MB: " + ", ".join(f"{name} {size:.0f}" for name, size in found.items()))
    return found


def _samples(directory: Path, _port: int, _options: Options) -> Any:
    found = json.loads(_run("bench.samples", workspace=directory / "samples"))
    print("samples: " + ", ".join(f"{name} {value:.4g}" for name, value in found.items()))
    return found


def _pages(directory: Path, _port: int, _options: Options) -> Any:
    _run("bench.history", workspace=directory / "past")
    found = json.loads(_run("bench.pages", workspace=directory / "past"))
    for name, page in found.items():
        print(f"page {name}: {page['ms']:.0f} ms, {page['cpu_ms']:.0f} ms of it CPU, {page['queries']} queries")
    return found


def _pitr(_directory: Path, _port: int, options: Options) -> Any:
    found = pitr.measure(options.targets, options.seconds)
    print(pitr.said(found))
    return asdict(found)


def _backups(_directory: Path, _port: int, options: Options) -> Any:
    found = backups.measure(options.scale)
    print(backups.said(found))
    return asdict(found)


def _proofs(directory: Path, _port: int, options: Options) -> Any:
    found = json.loads(_run("bench.proofs", str(options.copies), workspace=directory / "proofs").splitlines()[-1])
    proved = [one for one in found if one["verdict"] == "proved"]
    later = [one["added"] for one in found[1:]] or [0]
    size, first, mean = found[0]["size"] / 1e6, found[0]["added"] / 1e6, sum(later) / len(later) / 1e6
    longest = max(one["seconds"] for one in found)
    print(
        f"proofs: {len(proved)} of {len(found)} copies proved, their certificates verified; {size:.1f} MB, "
        f"{first:.1f} MB added by the first, {mean:.1f} MB by a later one; the longest proof {longest:.1f} s"
    )
    return found


def _storm(directory: Path, _port: int, options: Options) -> Any:
    found = storm.measure(directory, options.alerts, options.seconds)
    print(storm.said(found))
    return asdict(found)


def _takeover(directory: Path, _port: int, options: Options) -> Any:
    found = sorted(takeover.measure(directory, options.takeovers))
    print(f"takeover: {len(found)} kills, median {found[len(found) // 2]:.1f} s, longest {found[-1]:.1f} s")
    return found


def _run(module: str, *arguments: str, workspace: Path | None = None) -> str:
    """What a part prints that needs a Python of its own, in an empty workspace if it needs one."""
    if workspace is not None:
        workspace.mkdir(exist_ok=True)
    environment = {**os.environ, **({"MAINSTAY_WORKSPACE": str(workspace)} if workspace else {})}
    command = [sys.executable, "-m", module, *arguments]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=environment).stdout


if __name__ == "__main__":
    main()
