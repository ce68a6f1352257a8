"""The demo's first copies: asked for as soon as the pages live, so that nobody has to wait for the night to see one."""

import time

import typer

from mainstay.cli.demo_watch import Row, Watch

NIGHTLY, FILES = "meridian/nightly", "meridian/attachments"
PATIENCE = 300.0
"""Seconds after which the demo goes on as it is; the pages say what is the matter."""


def ask(watch: Watch) -> None:
    """One copy of each policy. The books' is proved by itself, because the policy says so."""
    for policy in (NIGHTLY, FILES):
        watch.post("/backups/jobs", {"policy": policy})


def follow(watch: Watch) -> None:
    """Until each has its proof, or cannot have one; what became of it is said in a line."""
    deadline, asked = time.monotonic() + PATIENCE, False
    while time.monotonic() < deadline:
        try:
            if not asked and _of(watch, FILES, "copies"):
                watch.post("/backups/proofs", {"policy": FILES})
                asked = True
            proofs = [row for policy in (NIGHTLY, FILES) for row in _of(watch, policy, "proofs")[:1]]
            if len(proofs) == 2:
                said = ", ".join(f"{row['policy']} {row['verdict']}" for row in proofs)
                typer.echo(f"The first copies are taken and restored for a look: {said}.", err=True)
                return
            if failed := [row for policy in (NIGHTLY, FILES) for row in _of(watch, policy, "jobs") if row["code"]]:
                typer.echo(f"{failed[0]['policy']}: {failed[0]['act']}: {failed[0]['problem']}", err=True)
                return
        except OSError:
            pass
        time.sleep(1)


def _of(watch: Watch, policy: str, what: str) -> list[Row]:
    """The newest first."""
    return watch.all(f"/backups/{what}?policy={policy}")
