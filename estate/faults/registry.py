"""Every fault by name."""

from __future__ import annotations

from typing import Any

from estate.faults import door, host, leaver, processes, resident, rows, scheduler, state
from estate.faults.base import Fault
from estate.layout import Layout

FAULTS: dict[str, type[Fault]] = {
    fault.name: fault
    for fault in (
        processes.DatabaseDown, resident.DatabaseSlow, resident.ConnectionsExhausted, processes.AppDown,
        door.AppSlow, host.DiskNearlyFull, resident.CpuBurning, door.CertificateExpiring,
        scheduler.CronStopped, rows.LedgerUnbalanced, rows.StockNegative, rows.SaleStuck,
        rows.InvoiceOverdue, rows.ReferenceDuplicated, rows.OrphanRow, leaver.LeaverActive,
    )
}  # fmt: skip


def make(name: str, layout: Layout) -> Fault:
    return FAULTS[name](layout)


def describe(layout: Layout | None) -> list[dict[str, Any]]:
    """One row a fault; `broken` is None when no estate was named."""
    return [
        {
            "name": fault.name, "title": fault.title, "category": fault.category, "level": fault.level,
            "detect_within": fault.detect_within, "trips": list(fault.trips), "also": list(fault.also),
            "broken": state.is_broken(layout, fault.name) if layout else None,
        }
        for fault in FAULTS.values()
    ]  # fmt: skip
