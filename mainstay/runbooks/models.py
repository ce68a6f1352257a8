"""Runbooks and their runs. What is written here decides how a run goes on; who drives it is kept elsewhere.

A step is written down as started, and committed, before it does anything, and as done afterwards; so what was under
way when something died is known.
"""

from django.db import models

from mainstay.catalogue.models import Component, System
from mainstay.incidents.models import Incident


class Runbook(models.Model):
    """A runbook by its name. ``source``: page, file, or ``pack:NAME`` of one that came with a pack."""

    name = models.SlugField(max_length=63, unique=True)
    source = models.CharField(max_length=80)
    title = models.JSONField(default=dict)
    retired_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class Version(models.Model):
    """A runbook as it was written at a time. Never changed."""

    runbook = models.ForeignKey(Runbook, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    text = models.TextField(help_text="the YAML")
    document = models.JSONField(help_text="domain.runbook.Runbook")
    made_at = models.DateTimeField()
    made_by = models.CharField(max_length=150)

    class Meta:
        ordering = ("runbook", "-number")
        constraints = [models.UniqueConstraint(fields=("runbook", "number"), name="version_once")]

    def __str__(self) -> str:
        return f"{self.runbook} {self.number}"


class Run(models.Model):
    """One run. ``plan``: domain.run_plan, frozen when it began. ``state``: domain.run_state.RunState. ``holder`` is the
    process that drives it: nobody else's word on its steps is taken. ``knocks`` grows with all that a driver must
    hear of; ``heard`` is how far it was told. ``drive`` is the name under which it is being driven."""

    version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="runs")
    system = models.ForeignKey(System, on_delete=models.PROTECT, null=True, related_name="runs")
    component = models.ForeignKey(Component, on_delete=models.PROTECT, null=True, related_name="runs")
    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, null=True, related_name="runs")
    why = models.CharField(max_length=8, default="hand", help_text="hand, remedy")
    inputs = models.JSONField(default=dict)
    plan = models.JSONField()
    state = models.CharField(max_length=9, default="running")
    wish = models.CharField(max_length=6, blank=True, help_text="domain.run_state.Wish")
    undoing = models.BooleanField(default=False)
    asked_by = models.CharField(max_length=150)
    asked_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    wake_at = models.DateTimeField(null=True)
    holder = models.CharField(max_length=64, blank=True)
    drive = models.CharField(max_length=64, blank=True)
    knocks = models.PositiveIntegerField(default=1)
    heard = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ("-asked_at", "-id")
        indexes = [
            models.Index(fields=("state",), name="run_state"),
            models.Index(fields=("incident",), name="run_incident"),
        ]

    def __str__(self) -> str:
        return f"{self.version.runbook} {self.pk}"


class Step(models.Model):
    """What is known of a step of a run. No row: not begun. ``state``: domain.run_state.StepState. ``key`` is the same
    at every try. ``asked``: who is asked what, and what is shown to them; ``memo``: what its driver wrote down."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="steps")
    path = models.CharField(max_length=300)
    state = models.CharField(max_length=8)
    attempt = models.PositiveSmallIntegerField(default=0)
    key = models.CharField(max_length=32)
    holder = models.CharField(max_length=64, blank=True)
    began_at = models.DateTimeField()
    tried_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    due = models.DateTimeField(null=True)
    deadline = models.DateTimeField(null=True)
    ended = models.PositiveIntegerField(default=0, help_text="the how manieth step of the run it was to end")
    memo = models.JSONField(default=dict)
    asked = models.JSONField(default=dict)
    outputs = models.JSONField(default=dict)
    text = models.TextField(blank=True)
    note = models.JSONField(default=str, help_text="why it failed or waits: domain.saying, stored")

    class Meta:
        ordering = ("began_at", "pk")
        constraints = [models.UniqueConstraint(fields=("run", "path"), name="step_once")]


class Answer(models.Model):
    """What a person said at a step."""

    step = models.ForeignKey(Step, on_delete=models.CASCADE, related_name="answers")
    by = models.CharField(max_length=150)
    at = models.DateTimeField()
    yes = models.BooleanField()
    values = models.JSONField(default=dict)
    note = models.CharField(max_length=1000, blank=True)

    class Meta:
        ordering = ("at", "pk")
        constraints = [models.UniqueConstraint(fields=("step", "by"), name="answer_once")]


class Proof(models.Model):
    """A file that shows that something was done."""

    answer = models.ForeignKey(Answer, on_delete=models.CASCADE, related_name="proofs")
    name = models.CharField(max_length=150)
    kind = models.CharField(max_length=100, help_text="content type, by what is inside")
    size = models.PositiveIntegerField(help_text="bytes")
    sha256 = models.CharField(max_length=64)
    data = models.BinaryField()


class Entry(models.Model):
    """A line of a run's story."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="story")
    at = models.DateTimeField()
    actor = models.CharField(max_length=150)
    word = models.CharField(max_length=16)
    path = models.CharField(max_length=300, blank=True)
    data = models.JSONField(default=dict)

    class Meta:
        ordering = ("at", "pk")
