"""Backups of the estate with people at work, each proved: ``python -m bench.proofs COUNT``, in $MAINSTAY_WORKSPACE.

Prints a line for each as it comes, and all of them as JSON in the last line.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mainstay.settings")
django.setup()

from django.core.management import call_command  # noqa: E402 - Django is set up first

from mainstay.backups import actions, queries  # noqa: E402
from mainstay.backups.certificates import file_of  # noqa: E402
from mainstay.backups.models import Proof  # noqa: E402
from mainstay.catalogue.actions import apply  # noqa: E402
from mainstay.catalogue.examine import examine  # noqa: E402
from mainstay.cli.demo import CHECKOUT, put_plugin, references  # noqa: E402
from mainstay.domain.actor import Actor, Role  # noqa: E402
from mainstay.domain.certificate import verify  # noqa: E402
from mainstay.settings import WORKSPACE  # noqa: E402
from tests.line.copied_shop import all_done  # noqa: E402

POLICY = "meridian/nightly"
ANN = Actor("person:ann", Role.ADMINISTRATOR)


@dataclass(frozen=True)
class Row:
    """One copy and its proof. Bytes; ``orders`` and ``money`` are what the live system has more by the end of it."""

    copy: int
    size: int
    added: int
    minutes: int
    orders: str
    money: str
    restore: float
    seconds: float
    verdict: str


@contextmanager
def estate() -> Iterator[dict[str, Any]]:
    """Running, with an order every five seconds; its facts."""
    folder = Path(tempfile.mkdtemp(prefix="mainstay-bench-estate-"))
    folder.chmod(0o755)
    words = [sys.executable, "-m", "estate", "up", "--dir", str(folder / "e"), "--json", "--order-every", "5"]
    process = subprocess.Popen(words, cwd=CHECKOUT, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)
        shutil.rmtree(folder)


def main(count: int) -> None:
    call_command("migrate", verbosity=0)
    put_plugin(WORKSPACE / "plugins")
    with estate() as facts:
        os.environ |= references(facts)
        files = {path.name: path.read_bytes() for path in (CHECKOUT / "estate" / "catalogue").glob("*.yaml")}
        apply(examine(files).catalogue, actor=ANN)
        rows = [_once(number) for number in range(1, count + 1)]
    print(json.dumps([asdict(row) for row in rows]))


def _once(number: int) -> Row:
    actions.ask(POLICY, actor=ANN)
    wrong = [job.problem for job in all_done() if job.state != "done"]
    proof = queries.proofs().first()
    if wrong or proof is None:
        raise SystemExit(f"backup {number}: {wrong}")
    row = _row(proof)
    print(f"proofs {number}: {said(row)}{_failed(proof)}", file=sys.stderr, flush=True)
    return row


def _row(proof: Proof) -> Row:
    document = verify(file_of(proof)).document
    behind = (proof.figures.get("totals") or {}).get("behind") or {}
    return Row(
        proof.copy_id, proof.copy.size, proof.copy.added, proof.figures["behind_minutes"],
        str(behind.get("orders", "")), str(behind.get("sales", "")), proof.figures.get("restore_ms", 0) / 1000,
        document["proof"]["ms"] / 1000, document["verdict"],
    )  # fmt: skip


def _failed(proof: Proof) -> str:
    found = [f"{gate['name']}: {gate['detail']}" for gate in proof.gates if gate["verdict"] in ("failed", "unseen")]
    return f" ({'; '.join(found)})" if found else ""


def said(row: Row) -> str:
    """One line."""
    behind = f"behind by {row.minutes} min, {row.orders or '?'} orders, {row.money or '?'} EUR"
    took = f"restored in {row.restore:.1f} s, proof {row.seconds:.1f} s"
    return f"{row.size / 1e6:.1f} MB, {row.added / 1e6:.1f} MB added; {behind}; {took}: {row.verdict}"


if __name__ == "__main__":
    main(int(sys.argv[1]))
