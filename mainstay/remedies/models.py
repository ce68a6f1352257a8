"""What people allowed remedies to do, and what was tried. Remedies themselves are the catalogue's."""

from django.db import models
from django.db.models import Q

from mainstay.catalogue.models import Check, System
from mainstay.incidents.models import Incident
from mainstay.runbooks.models import Run


class Allowance(models.Model):
    """A person allowed a remedy, as it was then (``sign``), until a day. ``ended_at``: it was taken back, or another
    took its place."""

    system = models.ForeignKey(System, on_delete=models.PROTECT, related_name="allowances")
    remedy = models.CharField(max_length=127)
    sign = models.CharField(max_length=64, help_text="domain.remedy.sign_of what was allowed")
    until = models.DateTimeField()
    reason = models.CharField(max_length=500)
    made_at = models.DateTimeField()
    made_by = models.CharField(max_length=150)
    ended_at = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=150, blank=True)
    end_reason = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ("-made_at", "-pk")
        constraints = [
            models.UniqueConstraint(
                fields=("system", "remedy"), condition=Q(ended_at=None), name="one_allowance_a_remedy"
            )
        ]

    def __str__(self) -> str:
        return f"{self.system}/{self.remedy}"


class Attempt(models.Model):
    """A remedy was applied. The second of an incident that is under way cannot be written, nor the second at the same
    time on a system: of two engines, or of one that was killed and came back, only one applies it.

    ``looked_from``: the run is done, and the check is looked at; ``look``: the look that was last asked for
    (monitoring.RunRequest, which is forgotten one day)."""

    system = models.ForeignKey(System, on_delete=models.PROTECT, related_name="attempts")
    remedy = models.CharField(max_length=127)
    allowance = models.ForeignKey(Allowance, on_delete=models.PROTECT, related_name="attempts")
    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="attempts")
    since = models.DateTimeField(help_text="the incident's: one that is opened again begins anew")
    number = models.PositiveSmallIntegerField(help_text="the how manieth of the incident since then, from 1")
    check_of = models.ForeignKey(Check, on_delete=models.PROTECT, related_name="attempts", db_column="check_id")
    run = models.OneToOneField(Run, on_delete=models.PROTECT, related_name="attempt")
    document = models.JSONField(help_text="domain.document_remedies.Remedy, as it was applied")
    begun_at = models.DateTimeField()
    looked_from = models.DateTimeField(null=True)
    look = models.PositiveBigIntegerField(default=0)
    ended_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=8, blank=True, help_text="helped, failed, void (nobody can say any more)")
    because = models.CharField(max_length=10, blank=True, help_text="stopped, asked, ended, slow, failing")

    class Meta:
        ordering = ("-begun_at", "-pk")
        constraints = [
            models.UniqueConstraint(fields=("incident", "since", "number"), name="attempt_once"),
            models.UniqueConstraint(fields=("system",), condition=Q(ended_at=None), name="one_attempt_a_system"),
        ]
        indexes = [models.Index(fields=("system", "begun_at"), name="attempt_system_begun")]


class Decline(models.Model):
    """It was told on an incident why a remedy was not applied; once for each reason."""

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="declines")
    since = models.DateTimeField()
    remedy = models.CharField(max_length=127)
    reason = models.CharField(max_length=12, help_text="domain.remedy.Refusal")
    at = models.DateTimeField()

    class Meta:
        ordering = ("at", "pk")
        constraints = [models.UniqueConstraint(fields=("incident", "since", "remedy", "reason"), name="decline_once")]
