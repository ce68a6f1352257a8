"""Who may sign in, and with what."""

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models import Q


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


class SystemRole(models.Model):
    """The role of a person or a token on one system, in place of the general one. The system is named, not pointed at:
    people are known before any catalogue is, and a name stays when its system is retired."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="system_roles", null=True)
    token = models.ForeignKey(Token, on_delete=models.CASCADE, related_name="system_roles", null=True)
    system = models.CharField(max_length=63)
    role = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ("system",)
        constraints = [
            models.CheckConstraint(
                condition=Q(person=None, token__isnull=False) | Q(person__isnull=False, token=None),
                name="system_role_of_one",
            ),
            models.UniqueConstraint(fields=("person", "system"), name="person_system_once"),
            models.UniqueConstraint(fields=("token", "system"), name="token_system_once"),
        ]
