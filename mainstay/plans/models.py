"""Emergency plans with every version of them, and the drills that try them.

That an incident belongs to a drill stands with the incident, by the drill's number.
"""

from django.db import models

from mainstay.catalogue.models import System
from mainstay.domain.plan import worded
from mainstay.runbooks.models import Run


class Plan(models.Model):
    """What to do when a risk comes true. ``document`` (domain.plan.Plan) is the newest version."""

    name = models.SlugField(max_length=63, unique=True)
    system = models.ForeignKey(System, on_delete=models.PROTECT, related_name="plans")
    state = models.CharField(max_length=8, default="draft", help_text="draft, in-force, retired")
    document = models.JSONField()
    version = models.PositiveIntegerField(default=1)
    review_at = models.DateField(null=True, help_text="when somebody should look whether it still holds")
    author = models.CharField(max_length=150)
    made_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    approved_at = models.DateTimeField(null=True, help_text="when it was first put in force")
    approved_by = models.CharField(max_length=150, blank=True)
    approved_version = models.PositiveIntegerField(null=True, help_text="the version that was put in force last")

    class Meta:
        ordering = ("system__tier", "system__name", "name")
        indexes = [models.Index(fields=("state", "review_at"), name="plan_state_review")]

    @property
    def title(self) -> dict[str, str]:
        """By language."""
        return worded(self.document)

    def __str__(self) -> str:
        return self.name


class Version(models.Model):
    """A plan as somebody left it. Never changed, never deleted."""

    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    document = models.JSONField()
    at = models.DateTimeField()
    actor = models.CharField(max_length=150)
    remark = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ("-number",)
        constraints = [models.UniqueConstraint(fields=("plan", "number"), name="plan_version_once")]


class Drill(models.Model):
    """A plan tried: talked through at the table, or live with the fault brought about. The version and what is asked
    are frozen when it begins."""

    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="drills")
    version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="drills", null=True)
    kind = models.CharField(max_length=8, help_text="table, live")
    state = models.CharField(max_length=9, default="planned", help_text="planned, running, done, cancelled")
    planned_at = models.DateTimeField()
    planned_by = models.CharField(max_length=150)
    goal = models.CharField(max_length=500, blank=True)
    began_at = models.DateTimeField(null=True)
    led_by = models.CharField(max_length=150, blank=True)
    limits = models.JSONField(default=dict, help_text="respond, rto, rpo in seconds; null where nothing is asked")
    injected_at = models.DateTimeField(null=True, help_text="when the fault was brought about")
    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="drills", null=True, help_text="that did it")
    recovered_at = models.DateTimeField(null=True)
    loss = models.FloatField(null=True, help_text="seconds of data that were lost")
    ended_at = models.DateTimeField(null=True)
    score = models.JSONField(default=dict, help_text="domain.drill.Score")
    passed = models.BooleanField(null=True)
    words = models.TextField(blank=True, help_text="the leader's, or why it was cancelled")

    class Meta:
        ordering = ("-planned_at", "-id")
        indexes = [models.Index(fields=("state", "planned_at"), name="drill_state_planned")]

    def __str__(self) -> str:
        return f"drill {self.pk}"


class Entry(models.Model):
    """A line of a drill's record. ``place`` is that of a step in the plan's version, from 1; a step ends once."""

    drill = models.ForeignKey(Drill, on_delete=models.CASCADE, related_name="entries")
    at = models.DateTimeField()
    actor = models.CharField(max_length=150)
    word = models.CharField(
        max_length=12, help_text="began, injected, raised, done, skipped, wrong-turn, note, recovered, ended, cancelled"
    )
    place = models.PositiveSmallIntegerField(null=True)
    text = models.TextField(blank=True)

    class Meta:
        ordering = ("at", "id")
        constraints = [
            models.UniqueConstraint(
                fields=("drill", "place"), condition=models.Q(place__isnull=False), name="drill_step_once"
            )
        ]


class Attendance(models.Model):
    """Somebody took part: it counts as training. The person is named, not pointed at, and stays when he leaves."""

    drill = models.ForeignKey(Drill, on_delete=models.CASCADE, related_name="attendances")
    person = models.CharField(max_length=150)
    role = models.CharField(max_length=100, blank=True)
    hours = models.FloatField()
    at = models.DateTimeField(help_text="when the drill began")

    class Meta:
        ordering = ("person",)
        constraints = [models.UniqueConstraint(fields=("drill", "person"), name="attendance_once")]
        indexes = [models.Index(fields=("person", "-at"), name="attendance_person")]
