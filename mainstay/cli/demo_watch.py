"""What the demo asks of a running Mainstay, by its API."""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any

import typer

Row = dict[str, Any]


class Watch:
    """A client with a token; every answer is plain data."""

    def __init__(self, address: str, token: str) -> None:
        self.address = address
        self.token = token

    def get(self, path: str) -> Any:
        """The answer to one GET; raises OSError while Mainstay is not there."""
        request = urllib.request.Request(  # noqa: S310 - our own address on loopback
            f"{self.address}/api/v1{path}", headers={"Authorization": f"Bearer {self.token}"}
        )
        with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310
            return json.load(answer)

    def post(self, path: str, body: Row) -> Row:
        """The answer to one POST; raises OSError when it is refused."""
        request = urllib.request.Request(  # noqa: S310 - our own address on loopback
            f"{self.address}/api/v1{path}", json.dumps(body).encode(), method="POST",
            headers={"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"},
        )  # fmt: skip
        with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310
            return dict(json.load(answer))

    def all(self, path: str) -> list[Row]:
        """Every page of a list."""
        rows: list[Row] = []
        page = self.get(path)
        while True:
            rows += page["items"]
            if not page["next"]:
                return rows
            page = self.get(page["next"].split("/api/v1", 1)[1])

    def checks(self) -> list[Row]:
        return self.all("/checks?limit=500")

    def incidents(self, **wanted: str) -> list[Row]:
        query = "".join(f"&{key}={value}" for key, value in wanted.items())
        return self.all(f"/incidents?limit=500{query}")

    def incident(self, number: int) -> Row:
        return dict(self.get(f"/incidents/{number}"))

    def deliveries(self, number: int) -> list[Row]:
        return self.all(f"/deliveries?limit=500&incident={number}")

    def not_ok(self) -> list[Row]:
        return [row for row in self.checks() if row["state"] != "ok"]

    def running(self) -> list[Row]:
        return [row for row in self.incidents() if row["state"] != "resolved"]

    def wait_for_life(self, patience: float) -> None:
        """Until the pages are there and the first checks have been looked at."""
        wait(lambda: any(row["looked_at"] for row in self.checks()), patience, "Mainstay looked at nothing")


def wait(done: Callable[[], bool], patience: float, otherwise: str, every: float = 0.5) -> None:
    """Ask until ``done``; after ``patience`` seconds end the demo with the sentence ``otherwise``."""
    deadline = time.monotonic() + patience
    while True:
        try:
            if done():
                return
        except (OSError, urllib.error.HTTPError) as error:
            otherwise_now = f"{otherwise} ({error})"
        else:
            otherwise_now = otherwise
        if time.monotonic() > deadline:
            typer.echo(f"{otherwise_now} within {patience:.0f} s", err=True)
            raise typer.Exit(70)
        time.sleep(every)
