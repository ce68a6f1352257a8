"""Who may sign in, and with what."""

from django.contrib.auth.models import AbstractUser
from django.db import models


class Person(AbstractUser):
    """Somebody who signs in. ``role`` is a number of domain.actor.Role."""

    role = models.PositiveSmallIntegerField(default=1)
    language = models.CharField(max_length=8, default="", blank=True, help_text="empty: as the browser asks")
    timezone = models.CharField(max_length=64, default="", blank=True, help_text="empty: as Mainstay is set")

    class Meta:
        ordering = ("username",)
        verbose_name_plural = "people"


class Token(models.Model):
    """Lets a program in. The token itself is shown once; only its SHA-256 is kept."""

    id = models.CharField(max_length=8, primary_key=True)
    name = models.CharField(max_length=100)
    digest = models.CharField(max_length=64, unique=True)
    role = models.PositiveSmallIntegerField(default=1)
    scopes = models.JSONField(null=True, help_text="acts or their first words; null: all that the role allows")
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=150)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, help_text="to the minute")
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-created_at",)
