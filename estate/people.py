"""The staff of the demo company and their passwords: public by design, reachable on loopback only."""

from __future__ import annotations

LEAVER = "hugo.left"
PROBE = "probe.monitor"
ADMIN = "admin"

STAFF: dict[str, tuple[str, list[str]]] = {
    "alice.sales": ("Alice Brandt", ["Sales"]),
    "bruno.sales": ("Bruno Keller", ["Sales", "Sales Administrator"]),
    "carla.stock": ("Carla Mertens", ["Stock"]),
    "dirk.stock": ("Dirk Holm", ["Stock", "Stock Administration"]),
    "emma.books": ("Emma Fuchs", ["Accounting", "Statement"]),
    "filip.cfo": ("Filip Lange", ["Accounting", "Accounting Administration", "Payment", "Payment Approval"]),
    "greta.buy": ("Greta Voss", ["Purchase", "Purchase Request"]),
}


def password(login: str) -> str:
    """Everybody's password follows from the login, so that no list has to be kept."""
    return f"Harbour-{login}-2026!"
