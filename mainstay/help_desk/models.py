"""What users report: tickets, what was said on them, and what came by mail."""

from django.conf import settings
from django.db import models

from mainstay.catalogue.models import System
from mainstay.incidents.models import Incident


class Ticket(models.Model):
    """A fault, a question or a wish that somebody reported. ``key`` is what the address of its page is made of: who has
    it may read the ticket."""

    key = models.CharField(max_length=43, unique=True)
    kind = models.CharField(max_length=16, help_text="fault, question, wish")
    state = models.CharField(max_length=16, default="new", help_text="new, joined, answered, waiting, closed")
    subject = models.CharField(max_length=200)
    system = models.ForeignKey(System, on_delete=models.PROTECT, related_name="tickets", null=True)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, related_name="tickets", null=True)
    address = models.CharField(max_length=254, blank=True, help_text="empty: nobody can be written to")
    name = models.CharField(max_length=100, blank=True)
    language = models.CharField(max_length=8, default="en")
    came_by = models.CharField(max_length=8, help_text="page, mail, api, shell")
    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="tickets", null=True)
    told = models.CharField(max_length=16, blank=True, help_text="what its reporter heard last of the incident")
    opened_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    closed_by = models.CharField(max_length=150, blank=True)
    score = models.PositiveSmallIntegerField(null=True, help_text="1 to 5: how content its reporter was")
    score_text = models.CharField(max_length=1000, blank=True)
    scored_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-changed_at", "-id")
        indexes = [
            models.Index(fields=("state", "-changed_at"), name="ticket_state_changed"),
            models.Index(fields=("address", "opened_at"), name="ticket_address_opened"),
        ]


class Message(models.Model):
    """Something that was said on a ticket, or that happened to it. ``note`` is not for its reporter."""

    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="messages")
    at = models.DateTimeField()
    word = models.CharField(max_length=16, help_text="said, answered, asked, note, joined, sorted, closed, wish")
    actor = models.CharField(max_length=150)
    text = models.TextField(blank=True)
    data = models.JSONField(default=dict)

    class Meta:
        ordering = ("at", "id")
        indexes = [models.Index(fields=("ticket", "at"), name="message_ticket_at")]


class File(models.Model):
    """A file that came with a message. ``name`` and ``kind`` are tame (``domain/attachment.py``)."""

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="files")
    name = models.CharField(max_length=150)
    kind = models.CharField(max_length=100, help_text="content type, by what is inside")
    size = models.PositiveIntegerField(help_text="bytes")
    sha256 = models.CharField(max_length=64)

    class Meta:
        ordering = ("pk",)


class Content(models.Model):
    """A file's bytes. Apart, because a ticket is read without them."""

    file = models.OneToOneField(File, on_delete=models.CASCADE, primary_key=True, related_name="content")
    data = models.BinaryField()


class Received(models.Model):
    """A mail that was looked at, heard or not. A second copy of the same cannot be inserted."""

    key = models.CharField(max_length=64, unique=True, help_text="SHA-256 of its Message-ID, or of all of it")
    at = models.DateTimeField()
    address = models.CharField(max_length=254, blank=True)
    outcome = models.CharField(max_length=32, help_text="opened, said, or why nobody listened")
    ticket = models.ForeignKey(Ticket, on_delete=models.SET_NULL, related_name="mails", null=True)

    class Meta:
        ordering = ("-pk",)


class Requirement(models.Model):
    """What somebody wishes of a system, taken seriously."""

    title = models.CharField(max_length=200)
    text = models.TextField(blank=True)
    ticket = models.OneToOneField(Ticket, on_delete=models.PROTECT, related_name="requirement", null=True)
    state = models.CharField(max_length=16, default="new", help_text="new, analysed, decided, done")
    made_at = models.DateTimeField()
    made_by = models.CharField(max_length=150)

    class Meta:
        ordering = ("-pk",)
