"""Faults of the door in front of the ERP: slow answers, a certificate about to expire."""

from __future__ import annotations

from typing import Any

from estate.faults.base import Fault
from estate.layout import Layout, read_json, write_json


def wish(layout: Layout, **changes: Any) -> None:
    """Change what the front does; it looks twice a second. None takes a wish back."""
    path = layout.control / "front.json"
    wanted = read_json(path) | changes
    write_json(path, {key: value for key, value in wanted.items() if value is not None})


class AppSlow(Fault):
    """Every request waits three seconds before it reaches the ERP, as behind a worn-out proxy."""

    name = "app-slow"
    title = {"en": "The ERP answers slowly", "zh": "ERP 响应缓慢"}
    category = "system"
    level = 2
    detect_within = 60
    trips = ("app.reads-an-order",)
    also = ("app.answers", "front-door")
    delay = 3.0

    def break_(self) -> None:
        self.remember()
        wish(self.layout, delay=self.delay)

    def mend(self) -> None:
        wish(self.layout, delay=None)


class CertificateExpiring(Fault):
    """The TLS door shows a certificate with three days left."""

    name = "certificate-expiring"
    title = {"en": "The TLS certificate expires in 3 days", "zh": "TLS 证书 3 天后到期"}
    category = "system"
    level = 3
    detect_within = 300
    trips = ("certificate",)

    def break_(self) -> None:
        self.remember()
        wish(self.layout, certificate="expiring")

    def mend(self) -> None:
        wish(self.layout, certificate=None)
