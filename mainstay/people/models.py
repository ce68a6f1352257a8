"""Who may sign in, and with what."""

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models import Q

from mainstay.domain.actor import Role


class Person(AbstractUser):
    """Somebody who signs in. ``role`` is a number of domain.actor.Role."""

    role = models.PositiveSmallIntegerField(default=1)
    language = models.CharField(max_length=8, default="", blank=True, help_text="empty: as the browser asks")
    timezone = models.CharField(max_length=64, default="", blank=True, help_text="empty: as Mainstay is set")

    class Meta:
        ordering = ("username",)
        verbose_name_plural = "people"

    @property
    def general_role(self) -> Role:
        """The role where no system has another."""
        return Role(self.role)


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


class Link(models.Model):
    """Lets its person set a password, once. Only the SHA-256 of its text is kept."""

    id = models.CharField(max_length=8, primary_key=True)
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="links")
    purpose = models.CharField(max_length=16, help_text="invitation, password")
    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=150)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)


class Totp(models.Model):
    """An authenticator's secret (RFC 6238), sealed. It counts once it is confirmed."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="totps")
    sealed = models.BinaryField()
    key_id = models.CharField(max_length=32)
    confirmed_at = models.DateTimeField(null=True)
    used_step = models.BigIntegerField(default=0, help_text="of the last code: none is good twice")

    class Meta:
        constraints = [models.UniqueConstraint(fields=("person",), name="totp_one_a_person")]


class RecoveryCode(models.Model):
    """Stands in for a second factor, once. Only the SHA-256 is kept: of 78 random bits that needs no slow hash."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="recovery_codes")
    digest = models.CharField(max_length=64)
    used_at = models.DateTimeField(null=True)


class Passkey(models.Model):
    """A WebAuthn credential: its id and public key, sealed; found by the digest of its id."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="passkeys")
    name = models.CharField(max_length=100)
    handle = models.CharField(max_length=64, unique=True)
    sealed = models.BinaryField()
    key_id = models.CharField(max_length=32)
    count = models.BigIntegerField(default=0, help_text="its signatures, as far as it counts them")
    added_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("added_at",)


class Contact(models.Model):
    """Where a person is called when he is on call. The address is sealed, for a chat's is as good as a password."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="contacts")
    kind = models.CharField(max_length=8, help_text="email, chat")
    shown = models.CharField(max_length=254, help_text="a mail address; of a chat its service")
    handle = models.CharField(max_length=16, unique=True, help_text="what the sealed address is bound to")
    sealed = models.BinaryField()
    key_id = models.CharField(max_length=32)
    added_at = models.DateTimeField()
    retired_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("added_at",)

    def __str__(self) -> str:
        return f"{self.person.username} ({self.shown})"


class Sitting(models.Model):
    """A session tied to its person; ``session`` is the key of Django's."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="sittings")
    session = models.CharField(max_length=40, unique=True)
    agent = models.CharField(max_length=300, blank=True)
    address = models.CharField(max_length=64, blank=True)
    opened_at = models.DateTimeField()
    seen_at = models.DateTimeField(help_text="to the minute")

    class Meta:
        ordering = ("-seen_at",)
