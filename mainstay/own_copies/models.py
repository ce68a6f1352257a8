"""Copies of Mainstay itself: those that were asked for, and what became of each."""

from django.db import models


class OwnCopy(models.Model):
    """One copy. ``state``: waiting, running, done, failed. A running one whose lease ran out lost its worker."""

    asked_at = models.DateTimeField()
    asked_by = models.CharField(max_length=150)
    tick = models.DateTimeField(null=True, unique=True, help_text="the moment of the schedule; none when by hand")
    state = models.CharField(max_length=7, default="waiting")
    worker = models.CharField(max_length=100, blank=True)
    leased_until = models.DateTimeField(null=True)
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    path = models.CharField(max_length=1000, blank=True)
    size = models.BigIntegerField(null=True, help_text="bytes of the file")
    problem = models.TextField(blank=True, help_text="why it failed")

    class Meta:
        ordering = ("-asked_at", "-id")
        verbose_name_plural = "own copies"
        constraints = [
            models.UniqueConstraint(fields=("state",), condition=models.Q(state="running"), name="own_copy_alone"),
        ]
