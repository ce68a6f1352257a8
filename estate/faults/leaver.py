"""Somebody who has left the company is at work again."""

from __future__ import annotations

from estate import people
from estate.faults.base import Fault
from estate.rpc import Session


class LeaverActive(Fault):
    """The account of a former employee is opened again, and used: a login and a look at the customers."""

    name = "leaver-active"
    title = {"en": "A former employee's account is in use", "zh": "离职员工账号被启用并使用"}
    category = "business"
    level = 2
    detect_within = 300
    trips = ("app.leaver-active",)

    def break_(self) -> None:
        self.remember()
        self._set_active(True)
        session = Session(
            self.facts["erp_url"], self.facts["erp_database"], people.LEAVER, people.password(people.LEAVER)
        )
        session.search("party.party", [["categories.name", "=", "Customer"]], ["name"], 100)

    def mend(self) -> None:
        self._set_active(False)

    def _set_active(self, active: bool) -> None:
        with self.database() as db:
            user = db.execute(
                "UPDATE res_user SET active = %s WHERE login = %s RETURNING id", (active, people.LEAVER)
            ).fetchone()
            if user and not active:
                # Closing an account in the database leaves its open sessions working.
                db.execute("DELETE FROM ir_session WHERE create_uid = %(id)s", user)
                db.execute("DELETE FROM res_user_login_attempt WHERE login = %s", (people.LEAVER,))
