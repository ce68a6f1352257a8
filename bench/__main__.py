"""``python -m bench``: checks through the whole line beside a peer in the same minutes, and samples on disk."""

import argparse
import json
import subprocess
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

from bench import checks, peers
from bench.servers import nginx

HERE = Path(__file__).resolve().parent


def main() -> None:
    asked = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    asked.add_argument("--checks", type=int, default=10_000, help="how many, each every 10 s")
    asked.add_argument("--peer", type=int, default=2_000, help="how many the peer is given; its cost grows with them")
    asked.add_argument("--seconds", type=float, default=60.0, help="how long each measurement lasts")
    asked.add_argument("--soak", action="store_true", help="one hour instead of a minute")
    options = asked.parse_args()
    seconds = 3600.0 if options.soak else options.seconds
    results: list[dict[str, object]] = []
    with tempfile.TemporaryDirectory(prefix="mainstay-bench-") as name, nginx(Path(name)) as port:
        for kind in ("http", "tcp"):
            results.append(one(Path(name), kind, port, options.checks, options.peer, seconds))
    (HERE / "results.json").write_text(json.dumps(results, indent=1) + "\n")
    subprocess.run([sys.executable, "-m", "bench.samples"], check=True)


def one(directory: Path, kind: str, port: int, count: int, peer_count: int, seconds: float) -> dict[str, object]:
    """The floor, ours, the floor again, then the peer's, and what one is to the other."""
    before = floor(kind, port)
    ours = checks.measure(directory, kind, count, 10.0, port, seconds)
    least = (before + floor(kind, port)) / 2
    theirs = peers.measure(directory, kind, port, peer_count, seconds)
    print(
        f"{kind}: {ours.checks} checks at 10 s: {ours.per_second:.0f}/s, {ours.cpu_ms:.3f} ms CPU a check, "
        f"delay p50 {ours.delay_p50:.1f} p99 {ours.delay_p99:.1f} ms, {ours.memory:.0f} MB, {ours.not_ok} not ok"
    )
    print(f"{kind}: a bare connection by the same means {least:.3f} ms: ours is {ours.cpu_ms / least:.1f} times that")
    if theirs is None:
        print(f"{kind}: no peer here (Debian packages prometheus and prometheus-blackbox-exporter)")
    else:
        ratio = theirs / ours.cpu_ms
        print(f"{kind}: Prometheus with blackbox_exporter {theirs:.3f} ms a probe: {ratio:.1f} times as much")
    return {**asdict(ours), "floor_cpu_ms": least, "peer_cpu_ms": theirs}


def floor(kind: str, port: int) -> float:
    """CPU milliseconds of the least that can be done here and now."""
    command = [sys.executable, "-m", "bench.floors", kind, str(port), "20000"]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


if __name__ == "__main__":
    main()
