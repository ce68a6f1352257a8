"""Fills a workspace with many checks: ``python -m bench.workspace KIND COUNT EVERY PORT``, in $MAINSTAY_WORKSPACE."""

import os
import sys
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mainstay.settings")
django.setup()

from django.core.management import call_command  # noqa: E402

from mainstay.catalogue.models import Check, System  # noqa: E402
from mainstay.domain import document  # noqa: E402
from mainstay.monitoring.models import PingToken  # noqa: E402


def fill(kind: str, count: int, every: float, port: int) -> None:
    """``count`` checks with a threshold each, so that every look is judged."""
    call_command("migrate", verbosity=0)
    system = System.objects.create(name="bench", document={"system": "bench"})
    probe: dict[str, Any] = {
        "http": {"kind": "http", "url": f"http://127.0.0.1:{port}/"},
        "tcp": {"kind": "tcp", "host": "127.0.0.1", "port": port},
        "heartbeat": {"kind": "heartbeat", "period": f"{every:g}s"},
    }[kind]
    judged = {} if kind == "heartbeat" else {"warn": "> 1s for 1m", "crit": "> 3s"}
    written = document.Check.model_validate(
        {"probe": probe, "every": f"{every:g}s", "timeout": "5s", **judged}
    ).model_dump(mode="json")
    rows = (
        Check(
            system=system, name=f"check-{number}", kind=kind, every=every, category="system", impact="degraded",
            document=written,
        )
        for number in range(count)
    )  # fmt: skip
    made = Check.objects.bulk_create(rows, batch_size=500)
    if kind == "heartbeat":
        PingToken.objects.bulk_create(
            (PingToken(token=f"bench-token-{check.pk:06}", check_of=check) for check in made), batch_size=500
        )


if __name__ == "__main__":
    fill(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4]))
