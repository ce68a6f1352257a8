"""Telling people: a notice is an incident and a word; a delivery is a notice to one channel."""

from django.db import models

from mainstay.catalogue.models import Channel
from mainstay.people.models import Contact

LETTER = "mail:"
"""What a recipient that is an address, and nobody whom Mainstay knows, begins with."""


class Notice(models.Model):
    """Something that people shall be told. A second copy of the same cannot be inserted."""

    key = models.CharField(max_length=200, unique=True, help_text="incident-7-opened-1: incident, word, how many-th")
    incident = models.ForeignKey("incidents.Incident", on_delete=models.CASCADE, related_name="notices", null=True)
    word = models.CharField(max_length=16, help_text="opened, worse, acknowledged, resolved, reopened, test, call …")
    at = models.DateTimeField()
    data = models.JSONField(default=dict)

    class Meta:
        ordering = ("-at", "-id")


class Delivery(models.Model):
    """One notice to one receiver: the outbox row. Leased, sent, recorded; in this order (see line.py).

    A channel's own receivers; or, where ``recipient`` names one, him alone: by that channel's mail server, at his
    ``contact`` if he chose one; or, without a channel, at a contact that is a chat.
    """

    notice = models.ForeignKey(Notice, on_delete=models.CASCADE, related_name="deliveries")
    channel = models.ForeignKey(Channel, on_delete=models.PROTECT, related_name="deliveries", null=True)
    contact = models.ForeignKey(Contact, on_delete=models.PROTECT, related_name="deliveries", null=True)
    recipient = models.CharField(
        max_length=260, blank=True, help_text="person:alice, vendor:acme, mail:zoe@shop.example; empty: the channel's"
    )
    key = models.CharField(max_length=64, unique=True, help_text="goes out in the message, so that a copy is known")
    due_at = models.DateTimeField()
    leased_until = models.DateTimeField(null=True)
    attempts = models.PositiveIntegerField(default=0)
    sent_at = models.DateTimeField(null=True)
    given_up_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=500, blank=True, help_text="the receiver's last answer, or the last error")

    class Meta:
        ordering = ("due_at", "id")
        verbose_name_plural = "deliveries"
        constraints = [
            models.UniqueConstraint(
                fields=("notice", "channel"), condition=models.Q(recipient=""), name="delivery_once"
            ),
            models.CheckConstraint(
                condition=models.Q(channel__isnull=False) | models.Q(contact__isnull=False), name="delivery_somewhere"
            ),
        ]
        indexes = [
            models.Index(
                fields=("due_at",),
                condition=models.Q(sent_at=None, given_up_at=None),
                name="delivery_waiting",
            ),
            models.Index(fields=("given_up_at",), condition=models.Q(sent_at=None), name="delivery_unsent"),
        ]

    @property
    def is_letter(self) -> bool:
        """Whether it goes to an address alone, such as that of a user who reported something."""
        return self.recipient.startswith(LETTER)

    @property
    def receiver(self) -> str:
        """Who gets it: a channel's name, or the recipient's and where."""
        if not self.recipient:
            return self.channel.name if self.channel else ""
        name = self.recipient.partition(":")[2]
        return f"{name} ({self.contact.shown})" if self.contact else name

    @property
    def lane(self) -> int:
        """What it must not crowd: a channel's number; of a contact without one the negative."""
        return self.channel_id or -(self.contact_id or 0)
