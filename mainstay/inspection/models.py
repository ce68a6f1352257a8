"""Inspection sheets: what was seen, who stood for it, and who looked over his shoulder."""

from django.db import models

from mainstay.catalogue.models import Check, System
from mainstay.domain.trend import ABNORMAL
from mainstay.incidents.models import Incident


class Watch(models.Model):
    """Since when the engine makes a system's sheets: a turn that was due before is nobody's."""

    system = models.OneToOneField(System, on_delete=models.CASCADE, primary_key=True, related_name="inspected")
    since = models.DateTimeField()


class Sheet(models.Model):
    """One inspection of one system. Once signed or refused neither it nor its lines and remarks can be changed: the
    database refuses (migration 0002), and ``digest`` stands in the audit trail too."""

    system = models.ForeignKey(System, on_delete=models.PROTECT, related_name="inspections")
    day = models.DateField(help_text="on the clocks of zone")
    number = models.PositiveIntegerField(help_text="0 by schedule; by hand 1, 2 … of the day")
    zone = models.CharField(max_length=64)
    due_at = models.DateTimeField(null=True, help_text="when the schedule wanted it")
    made_at = models.DateTimeField()
    made_by = models.CharField(max_length=150)
    head = models.JSONField(help_text="the system's title, tier and owner; the sections in their order")
    state = models.CharField(max_length=8, help_text="of its worst line")
    counts = models.JSONField(help_text="how many lines are in each state")
    measured = models.CharField(max_length=64, help_text="digest of head and lines as they were made")
    late_after = models.DateTimeField(null=True, help_text="to be signed until then")
    late_at = models.DateTimeField(null=True, help_text="when it was announced as late")
    escalate_after = models.DateTimeField(null=True, help_text="goes higher when it is not signed until then")
    escalated_at = models.DateTimeField(null=True, help_text="when it went higher")
    stage = models.CharField(max_length=8, default="open", help_text="open, signed, refused")
    ended_at = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=150, blank=True)
    words = models.TextField(blank=True, help_text="the signer's, or why it was refused")
    digest = models.CharField(max_length=64, blank=True)

    class Meta:
        ordering = ("-day", "-number", "-id")
        constraints = [models.UniqueConstraint(fields=("system", "day", "number"), name="sheet_once")]
        indexes = [
            models.Index(fields=("-day", "-id"), name="sheet_day"),
            models.Index(fields=("late_after",), condition=models.Q(stage="open", late_at=None), name="sheet_waiting"),
            models.Index(
                fields=("escalate_after",), condition=models.Q(stage="open", escalated_at=None), name="sheet_escalating"
            ),
        ]

    @property
    def abnormal(self) -> int:
        """How many lines are neither ok nor without a check."""
        return sum(self.counts.get(state, 0) for state in ABNORMAL)

    def __str__(self) -> str:
        return f"{self.system} {self.day}" + (f" #{self.number}" if self.number else "")


class Line(models.Model):
    """What stood behind one item. ``state`` is ``none`` where nothing is watched."""

    sheet = models.ForeignKey(Sheet, on_delete=models.CASCADE, related_name="lines")
    place = models.PositiveIntegerField()
    section = models.CharField(max_length=63)
    item = models.CharField(max_length=63)
    title = models.JSONField(default=dict)
    check_of = models.ForeignKey(Check, on_delete=models.PROTECT, null=True, related_name="lines", db_column="check_id")
    check_title = models.JSONField(default=dict)
    metric = models.CharField(max_length=100, blank=True)
    value = models.FloatField(null=True)
    unit = models.CharField(max_length=16, blank=True)
    yesterday = models.FloatField(null=True, help_text="the value 24 hours before")
    warn = models.JSONField(default=list)
    crit = models.JSONField(default=list)
    state = models.CharField(max_length=8)
    unseen = models.BooleanField(default=False, help_text="the check did not look today")
    since = models.DateTimeField(null=True)
    looked_at = models.DateTimeField(null=True)
    message = models.JSONField(default=dict, help_text="as Standing.message")
    evidence = models.JSONField(default=dict, help_text="at, rows, excerpt")
    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, null=True, related_name="lines")

    class Meta:
        ordering = ("sheet", "place")
        constraints = [models.UniqueConstraint(fields=("sheet", "place"), name="line_once")]


class Remark(models.Model):
    """What an inspector wrote beside a line."""

    line = models.ForeignKey(Line, on_delete=models.CASCADE, related_name="remarks")
    at = models.DateTimeField()
    actor = models.CharField(max_length=150)
    text = models.TextField()

    class Meta:
        ordering = ("at", "id")


class Countersignature(models.Model):
    """An approver looked over an ISO week's signed sheets of a system."""

    system = models.ForeignKey(System, on_delete=models.PROTECT, related_name="countersignatures")
    year = models.PositiveSmallIntegerField(help_text="of the ISO week")
    week = models.PositiveSmallIntegerField()
    at = models.DateTimeField()
    actor = models.CharField(max_length=150)
    text = models.TextField(blank=True)

    class Meta:
        ordering = ("-at", "-id")


class Covered(models.Model):
    """A sheet and its one countersignature. Apart, because a signed sheet's own row cannot be changed."""

    sheet = models.OneToOneField(Sheet, on_delete=models.PROTECT, primary_key=True, related_name="covered")
    countersignature = models.ForeignKey(Countersignature, on_delete=models.PROTECT, related_name="covers")
