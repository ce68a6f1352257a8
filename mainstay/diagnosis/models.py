"""What is kept to find out why: what was seen when an incident began, and what was deployed when.

Everything else that a diagnosis shows is on record elsewhere, and is gathered when somebody asks.
"""

from django.db import models

from mainstay.catalogue.models import Component, System
from mainstay.incidents.models import Incident


class Examination(models.Model):
    """Logs and databases were looked at when an incident was opened, or opened again. Once each: who makes the row does
    it; what was begun and not ended by one that died is taken over by another."""

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="examinations")
    since = models.DateTimeField(help_text="the running of the incident that it is about")
    begun_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    attempt = models.PositiveSmallIntegerField(default=1)

    class Meta:
        ordering = ("since", "id")
        constraints = [models.UniqueConstraint(fields=("incident", "since"), name="examination_once")]


class Exhibit(models.Model):
    """What one place showed in an examination; never changed. ``kind``: log, sql."""

    examination = models.ForeignKey(Examination, on_delete=models.CASCADE, related_name="exhibits")
    component = models.ForeignKey(Component, on_delete=models.PROTECT, related_name="exhibits")
    kind = models.CharField(max_length=8)
    source = models.CharField(max_length=300, help_text="the log's name; of a database empty")
    taken_at = models.DateTimeField()
    text = models.TextField(blank=True, help_text="the end of a log, secrets taken out")
    rows = models.JSONField(default=dict, help_text="running, sessions, statements: rows of a database")
    problem = models.JSONField(default=str, help_text="why it could not be had: domain.saying, stored")
    missing = models.JSONField(
        default=list, help_text="what could not be seen, and how to switch it on; stored sayings"
    )

    class Meta:
        ordering = ("pk",)
        constraints = [
            models.UniqueConstraint(fields=("examination", "component", "kind", "source"), name="exhibit_once")
        ]


class Deployment(models.Model):
    """A version was put to work, or another program says that something was changed: then in ``note``, of a whole
    system or of none that is known. ``key`` is the teller's own name of it: told again it is the same one."""

    system = models.ForeignKey(System, on_delete=models.PROTECT, related_name="deployments", null=True)
    component = models.ForeignKey(Component, on_delete=models.PROTECT, related_name="deployments", null=True)
    version = models.CharField(max_length=100, blank=True)
    at = models.DateTimeField()
    note = models.CharField(max_length=1000, blank=True)
    url = models.CharField(max_length=500, blank=True, help_text="where the teller has more of it")
    key = models.CharField(max_length=200, blank=True)
    told_at = models.DateTimeField()
    told_by = models.CharField(max_length=150)

    class Meta:
        ordering = ("-at", "-id")
        constraints = [
            models.UniqueConstraint(
                fields=("component", "key"), condition=~models.Q(key=""), name="deployment_told_once"
            )
        ]
        indexes = [models.Index(fields=("system", "-at"), name="deployment_newest")]

    def __str__(self) -> str:
        return f"{self.component or self.system or ''} {self.version or self.note}".strip()
