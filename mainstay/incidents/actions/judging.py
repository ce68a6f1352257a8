"""Levels are judged again while an incident runs: money, stuck cases and the hour change without any check changing."""

from collections.abc import Collection, Iterable
from datetime import datetime

from django.db import transaction

from mainstay.catalogue.models import System
from mainstay.catalogue.practices import Practices
from mainstay.domain.actor import ENGINE
from mainstay.domain.severity import Rule
from mainstay.incidents.actions.desk import Room
from mainstay.incidents.actions.ledger import Ledger
from mainstay.incidents.models import Incident, Member
from mainstay.incidents.queries import RUNNING


def judge_again(now: datetime) -> int:
    """Raise what has become worse; returns how many were. What a person graded stays as he said, and nothing is
    lowered: what was at risk once has to be answered for."""
    practices = Practices.read()
    running = Incident.objects.filter(state__in=RUNNING, graded_by=ENGINE.name, level__gt=1).select_related("system")
    turning = [row.pk for row in running if row.system and _may_turn(row, row.system, practices)]
    if not turning:
        return 0
    return weigh_again(turning, now)


def weigh_again(numbers: Collection[int], now: datetime) -> int:
    """Grade these incidents by what is known now, where they still run; returns how many became worse."""
    with transaction.atomic():
        checks = set(Member.objects.filter(incident__in=numbers).values_list("check_of_id", flat=True))
        room = Room.around(checks, now)
        ledger = Ledger(room)
        for number in numbers:
            if number in room.incidents and room.incidents[number].state in RUNNING:
                ledger.weigh(number, now)
        ledger.write()
    return len(ledger.graded)


def _may_turn(incident: Incident, system: System, practices: Practices) -> bool:
    """Whether a rule of a worse level may come to hold by itself."""
    hours = bool(practices.table(system).hours.spans)
    return any(_turns(rule, hours) for rule in _worse(practices.rules(system), incident.level))


def _worse(rules: Iterable[Rule], level: int) -> list[Rule]:
    return [rule for rule in rules if rule.level < level]


def _turns(rule: Rule, hours: bool) -> bool:
    return rule.weighs or bool(rule.during.spans) or (hours and rule.in_hours is not None)
