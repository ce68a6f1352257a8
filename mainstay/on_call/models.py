"""Who stood in for whom, who was called when and why, and what was handed over.

People and rotations are named, not pointed at: what was done stays on record when they are gone.
"""

from datetime import timedelta

from django.db import models

from mainstay.incidents.models import Incident


class Override(models.Model):
    """Somebody is on call for a while whatever the turns say. Of two at the same time the newer counts."""

    rotation = models.CharField(max_length=63)
    person = models.CharField(max_length=150)
    start = models.DateTimeField()
    end = models.DateTimeField()
    reason = models.CharField(max_length=300, blank=True)
    made_at = models.DateTimeField()
    made_by = models.CharField(max_length=150)
    ended_at = models.DateTimeField(null=True, help_text="when it was taken back; it counts no more at all")

    class Meta:
        ordering = ("start", "id")
        indexes = [models.Index(fields=("rotation", "end"), name="override_rotation_end")]


class Swap(models.Model):
    """Somebody asks another, or anybody, to take a part of his shifts; for a part of the other's if he offers that."""

    rotation = models.CharField(max_length=63)
    person = models.CharField(max_length=150, help_text="who asks, and is on call")
    taker = models.CharField(max_length=150, blank=True, help_text="who is asked; empty: anybody of the rotation")
    start = models.DateTimeField()
    end = models.DateTimeField()
    back_start = models.DateTimeField(null=True, help_text="the taker's part that he takes in return")
    back_end = models.DateTimeField(null=True)
    reason = models.CharField(max_length=300, blank=True)
    state = models.CharField(max_length=10, default="asked", help_text="asked, taken, refused, withdrawn")
    asked_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)
    answered_by = models.CharField(max_length=150, blank=True)

    class Meta:
        ordering = ("-asked_at", "-id")


class Move(models.Model):
    """A step of an escalation that was taken, or a reminder of it. The same one cannot be written twice, so that of two
    engines, or of one that was killed and came back, only one calls."""

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="moves")
    since = models.DateTimeField(help_text="the incident's: a reopened one is escalated anew")
    escalation = models.CharField(max_length=63)
    round = models.PositiveSmallIntegerField()
    step = models.PositiveSmallIntegerField()
    reminder = models.PositiveSmallIntegerField(default=0)
    at = models.DateTimeField()
    outcome = models.CharField(max_length=8, help_text="called, nobody, passed (outside the step's hours)")
    level = models.PositiveSmallIntegerField(help_text="the incident's at that moment")
    leapt = models.DurationField(default=timedelta, help_text="by how much the wall clock was set after it")

    class Meta:
        ordering = ("at", "id")
        constraints = [
            models.UniqueConstraint(
                fields=("incident", "since", "escalation", "round", "step", "reminder"), name="move_once"
            )
        ]


class Call(models.Model):
    """Somebody was called. Its notice and deliveries are written in the same transaction, and so sent for certain."""

    move = models.ForeignKey(Move, on_delete=models.CASCADE, related_name="calls")
    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="calls")
    kind = models.CharField(max_length=10, help_text="person, channel, vendor")
    name = models.CharField(max_length=150)
    at = models.DateTimeField()
    why = models.JSONField(help_text="what of the step led to whom: target, layer or override, turn")
    answer_by = models.DateTimeField(null=True, help_text="a vendor's contract wants an answer until then")
    expires_at = models.DateTimeField(help_text="until when its link acknowledges")
    used_at = models.DateTimeField(null=True, help_text="when its link was used")
    over_at = models.DateTimeField(null=True, help_text="when he was told that it is over, or needed not be")

    class Meta:
        ordering = ("at", "id")
        constraints = [models.UniqueConstraint(fields=("move", "kind", "name"), name="call_once")]
        indexes = [models.Index(fields=("incident",), condition=models.Q(over_at=None), name="call_not_over")]


class Watch(models.Model):
    """Since when the engine follows a rotation's shifts: a change before is nobody's."""

    rotation = models.CharField(max_length=63, primary_key=True)
    since = models.DateTimeField()


class Handover(models.Model):
    """What one who comes on call has to know. He confirms that he does."""

    rotation = models.CharField(max_length=63)
    at = models.DateTimeField(help_text="when the shift changed")
    before = models.CharField(max_length=150, blank=True)
    after = models.CharField(max_length=150)
    digest = models.JSONField(help_text="section → lines, as things stood then")
    made_at = models.DateTimeField()
    made_by = models.CharField(max_length=150)
    words = models.TextField(blank=True, help_text="from who goes")
    confirmed_at = models.DateTimeField(null=True)
    confirmed_by = models.CharField(max_length=150, blank=True)

    class Meta:
        ordering = ("-at", "-id")
        constraints = [models.UniqueConstraint(fields=("rotation", "at"), name="handover_once")]
        indexes = [models.Index(fields=("after",), condition=models.Q(confirmed_at=None), name="handover_waiting")]


class Feed(models.Model):
    """A calendar address of a person's or a team's shifts, made with ``salt`` and our key; a new salt voids it."""

    kind = models.CharField(max_length=8, help_text="person, team")
    name = models.CharField(max_length=150)
    salt = models.CharField(max_length=32)
    made_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=("kind", "name"), name="feed_once")]
