"""What is learned from an incident or a drill: the incident's review, and the actions that came of either."""

from datetime import datetime

from django.db import models

from mainstay.catalogue.models import System
from mainstay.incidents.models import Incident
from mainstay.plans.models import Drill


class Review(models.Model):
    """Looking back on one incident. A second one of the same cannot be inserted. ``facts`` are worked out from the
    record whenever the incident ends."""

    incident = models.OneToOneField(Incident, on_delete=models.CASCADE, related_name="review")
    state = models.CharField(max_length=8, default="open", help_text="domain.review.State")
    facts = models.JSONField(help_text="domain.review_facts.Facts")
    ended_at = models.DateTimeField(help_text="which end of the incident the facts are of")
    whys = models.JSONField(default=list, help_text="each asks why the one before was so")
    cause = models.CharField(max_length=16, blank=True, help_text="domain.review.Cause")
    well = models.TextField(blank=True, help_text="what went well")
    badly = models.TextField(blank=True, help_text="what went badly")
    nothing = models.TextField(blank=True, help_text="why no action is needed")
    opened_at = models.DateTimeField()
    opened_by = models.CharField(max_length=150)
    held_at = models.DateField(null=True)
    held_by = models.CharField(max_length=150, blank=True)
    present = models.CharField(max_length=500, blank=True, help_text="who was there")
    closed_at = models.DateTimeField(null=True)
    closed_by = models.CharField(max_length=150, blank=True)
    changed_at = models.DateTimeField()

    class Meta:
        ordering = ("-opened_at", "-id")
        indexes = [models.Index(fields=("state", "-opened_at"), name="review_state")]


class Action(models.Model):
    """Something that somebody does so that it does not happen again, or goes better. It came of a review or a drill."""

    review = models.ForeignKey(Review, on_delete=models.CASCADE, related_name="actions", null=True)
    drill = models.ForeignKey(Drill, on_delete=models.CASCADE, related_name="actions", null=True)
    title = models.CharField(max_length=300)
    owner = models.CharField(max_length=150, help_text="the name of a person")
    due = models.DateField()
    state = models.CharField(max_length=8, default="open", help_text="domain.review.ActionState")
    ending = models.CharField(max_length=16, blank=True, help_text="domain.review.Ending")
    proof = models.CharField(
        max_length=500, blank=True, help_text="the check, rule or runbook; or in words what was done"
    )
    until = models.DateField(null=True, help_text="how long a risk is accepted")
    made_at = models.DateTimeField()
    made_by = models.CharField(max_length=150)
    done_at = models.DateTimeField(null=True)
    done_by = models.CharField(max_length=150, blank=True)
    again = models.ForeignKey(
        Incident, on_delete=models.SET_NULL, null=True, related_name="+", help_text="the incident that opened it again"
    )

    class Meta:
        ordering = ("due", "id")
        indexes = [models.Index(fields=("state", "due"), name="action_state_due")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(review__isnull=False, drill__isnull=True)
                | models.Q(review__isnull=True, drill__isnull=False),
                name="action_of_review_or_drill",
            )
        ]

    @property
    def system(self) -> System | None:
        """What it is about; None where its incident is of no system."""
        if self.review is not None:
            return self.review.incident.system
        return self.drill.plan.system if self.drill else None

    @property
    def began_at(self) -> datetime | None:
        """When the incident or the drill began."""
        if self.review is not None:
            return self.review.incident.opened_at
        return self.drill.began_at if self.drill else None


class Turn(models.Model):
    """A line of an action's story, in the order in which they were written. Never changed."""

    action = models.ForeignKey(Action, on_delete=models.CASCADE, related_name="story")
    at = models.DateTimeField()
    word = models.CharField(max_length=8, help_text="made, changed, done, reopened")
    actor = models.CharField(max_length=150)
    text = models.CharField(max_length=500, blank=True)
    data = models.JSONField(default=dict)

    class Meta:
        ordering = ("id",)
