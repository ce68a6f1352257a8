"""Faults from the first sign to the end."""

from datetime import datetime, timedelta

from django.db import models

from mainstay.catalogue.models import Check, Component, System
from mainstay.domain.drill import marked as drill_marked
from mainstay.monitoring.models import StateChange

ALERTS = "alerts"
"""The kind of the checks that other programs' alerts speak for."""


class Incident(models.Model):
    """Something is broken. One is open at most for each ``key``; the key names the root component, or the rule."""

    key = models.CharField(max_length=300, help_text="what makes two faults one: system and root component, or check")
    system = models.ForeignKey(System, on_delete=models.PROTECT, related_name="incidents", null=True)
    root = models.ForeignKey(Component, on_delete=models.PROTECT, related_name="incidents", null=True)
    title = models.JSONField(default=dict, help_text="language → words")
    category = models.CharField(max_length=16)
    level = models.PositiveSmallIntegerField()
    graded_by = models.CharField(max_length=150, default="engine")
    state = models.CharField(max_length=16, default="open", help_text="open, acknowledged, resolved")
    opened_at = models.DateTimeField()
    since = models.DateTimeField(help_text="when it was opened, or last reopened")
    acknowledged_at = models.DateTimeField(null=True)
    acknowledged_by = models.CharField(max_length=150, blank=True)
    resolved_at = models.DateTimeField(null=True)
    resolved_by = models.CharField(max_length=150, blank=True)
    grounds = models.JSONField(default=dict, help_text="the rule that decided on the level and the facts it saw")
    reached = models.JSONField(default=dict, help_text="level → when it first had it since it was opened, ISO")
    leapt = models.JSONField(
        default=dict, help_text="since, acknowledged → seconds by which the wall clock was set after that moment"
    )
    due_at = models.DateTimeField(null=True, help_text="when its next clock runs out, as last worked out")
    drill = models.PositiveBigIntegerField(null=True, help_text="number of the drill it belongs to: in no figures")

    class Meta:
        ordering = ("-opened_at", "-id")
        constraints = [
            models.UniqueConstraint(
                fields=("key",), condition=~models.Q(state="resolved"), name="one_open_incident_a_key"
            )
        ]
        indexes = [
            models.Index(fields=("state", "level"), name="incident_state_level"),
            models.Index(fields=("-since", "-id"), name="incident_newest"),
            models.Index(fields=("state", "-since", "-id"), name="incident_newest_in_state"),
            models.Index(fields=("-resolved_at",), name="incident_resolved"),
            models.Index(fields=("drill",), condition=models.Q(drill__isnull=False), name="incident_drill"),
        ]

    @property
    def counted_since(self) -> datetime:
        """``since`` by the clock as it is set now: from here what waits is counted."""
        return self.since + timedelta(seconds=self.leapt.get("since", 0))

    @property
    def counted_acknowledged(self) -> datetime | None:
        at = self.acknowledged_at
        return at + timedelta(seconds=self.leapt.get("acknowledged", 0)) if at else None

    @property
    def called(self) -> dict[str, str]:
        """Its title by language as people are shown it: a drill says so before anything else."""
        return drill_marked(self.title) if self.drill else dict(self.title)


class Member(models.Model):
    """A check that is part of an incident: its root, one that joined, or an echo that the root explains."""

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="members")
    check_of = models.ForeignKey(Check, on_delete=models.PROTECT, related_name="memberships", db_column="check_id")
    role = models.CharField(max_length=8, help_text="root, joined, echo")
    state = models.CharField(max_length=8, default="critical", help_text="as the incident last heard it")
    joined_at = models.DateTimeField()
    recovered_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=("incident", "check_of"), name="member_once")]


class Entry(models.Model):
    """A line of an incident's timeline. ``word`` says what happened, ``data`` what it needs to be put in words."""

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="entries")
    at = models.DateTimeField()
    word = models.CharField(
        max_length=16,
        help_text="what happened: domain.grouping.Act, and acknowledged, note, graded, regraded, resolved, paused, "
        "resumed, clock-close, clock-late, real (no drill any more)",
    )
    actor = models.CharField(max_length=150)
    text = models.TextField(blank=True)
    data = models.JSONField(default=dict)
    change = models.ForeignKey(StateChange, on_delete=models.SET_NULL, null=True, related_name="entries")

    class Meta:
        ordering = ("at", "id")
        indexes = [models.Index(fields=("incident", "at"), name="entry_incident_at")]


class Pause(models.Model):
    """Somebody stopped the clock until resolution, because the incident waits for somebody else. It belongs to the
    running of the incident in which it began: one that is opened again does not wait."""

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="pauses")
    reason = models.CharField(max_length=16, help_text="vendor, user, other")
    text = models.CharField(max_length=500, blank=True)
    begun_at = models.DateTimeField()
    begun_by = models.CharField(max_length=150)
    ended_at = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=150, blank=True)

    class Meta:
        ordering = ("begun_at", "id")


class Mark(models.Model):
    """A clock was announced to be running out, or to have run out. Once each: a second copy cannot be inserted."""

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="marks")
    since = models.DateTimeField(help_text="the running of the incident that it is about")
    level = models.PositiveSmallIntegerField()
    clock = models.CharField(max_length=8, help_text="respond, resolve")
    word = models.CharField(max_length=8, help_text="close, late")
    at = models.DateTimeField(help_text="the moment, not when it was noticed")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=("incident", "since", "level", "clock", "word"), name="mark_once")
        ]


class Signal(models.Model):
    """An alert of another program about a component, as it was told last. What all of a component's alerts say together
    is the state of its check of the kind ``alerts``, and goes the line's way from there."""

    check_of = models.ForeignKey(Check, on_delete=models.PROTECT, related_name="signals", db_column="check_id")
    fingerprint = models.CharField(max_length=300, help_text="what the other program calls it")
    state = models.CharField(max_length=8, help_text="warning or critical while it fires, ok afterwards")
    title = models.CharField(max_length=200)
    severity = models.CharField(max_length=50, blank=True, help_text="as the other program said it")
    text = models.CharField(max_length=1000, blank=True)
    source = models.CharField(max_length=500, blank=True)
    since = models.DateTimeField(help_text="since when it fires, or fired last")
    heard_at = models.DateTimeField(help_text="when something about it was new")
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=("check_of", "fingerprint"), name="signal_once")]
        indexes = [
            models.Index(fields=("check_of", "state"), condition=~models.Q(state="ok"), name="signal_firing"),
            models.Index(fields=("fingerprint",), condition=~models.Q(state="ok"), name="signal_by_name"),
        ]


class Attachment(models.Model):
    """A file that came with a note. ``name`` and ``kind`` are tame (``domain/attachment.py``)."""

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="attachments")
    entry = models.ForeignKey(Entry, on_delete=models.CASCADE, related_name="attachments")
    name = models.CharField(max_length=150)
    kind = models.CharField(max_length=100, help_text="content type, by what is inside")
    size = models.PositiveIntegerField(help_text="bytes")
    sha256 = models.CharField(max_length=64)

    class Meta:
        ordering = ("pk",)


class Content(models.Model):
    """An attachment's bytes. Apart, because a timeline is read without them."""

    attachment = models.OneToOneField(Attachment, on_delete=models.CASCADE, primary_key=True, related_name="content")
    data = models.BinaryField()
