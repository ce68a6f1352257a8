"""The ERP's scheduler stops, and with it everything that happens by itself."""

from __future__ import annotations

from estate.faults.base import Fault
from estate.services import let_up, take_down


class CronStopped(Fault):
    """The scheduler is killed and kept down; the hours it would need to be noticed are skipped.

    One frequent job's next call is moved into the past, to where it would stand had the scheduler
    died that long ago. Nothing else is touched.
    """

    name = "erp-cron-stopped"
    title = {"en": "The ERP's scheduler has stopped", "zh": "ERP 定时任务调度已停止"}
    category = "system"
    level = 2
    detect_within = 120
    trips = ("app.late",)

    def break_(self) -> None:
        with self.database() as db:
            job = db.execute(
                "SELECT id, next_call FROM ir_cron WHERE active AND next_call IS NOT NULL"
                " ORDER BY interval_number * ('1 ' || interval_type)::interval, id LIMIT 1"
            ).fetchone()
            if job is None:
                raise RuntimeError("the ERP has no active job")
            self.remember(job=job["id"], next_call=job["next_call"])
            take_down(self.layout, "cron")
            db.execute(
                "UPDATE ir_cron SET next_call = (now() AT TIME ZONE 'utc')::timestamp(0) - interval '30 minutes'"
                " - interval_number * ('1 ' || interval_type)::interval WHERE id = %s",
                (job["id"],),
            )

    def mend(self) -> None:
        saved = self.recall()
        with self.database() as db:
            db.execute("UPDATE ir_cron SET next_call = %(next_call)s WHERE id = %(job)s", saved)
        let_up(self.layout, "cron")
