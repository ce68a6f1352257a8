"""What is cared for, as people configured it. What the engine sees lives in ``monitoring``."""

from django.db import models
from django.utils import timezone


class Revision(models.Model):
    """Grows with every apply; the checker reloads when it sees a new number."""

    number = models.PositiveBigIntegerField(primary_key=True)
    at = models.DateTimeField()
    actor = models.CharField(max_length=150)
    summary = models.JSONField(default=list)

    class Meta:
        ordering = ("number",)


class System(models.Model):
    """A business system. ``document`` is its head (domain.document.System without components and checks)."""

    name = models.SlugField(max_length=63, unique=True)
    title = models.JSONField(default=dict, help_text="language → words")
    tier = models.PositiveSmallIntegerField(default=2)
    timezone = models.CharField(max_length=64, default="UTC")
    owner = models.CharField(max_length=200, blank=True)
    objectives = models.JSONField(default=dict)
    document = models.JSONField(default=dict)
    source = models.CharField(max_length=500, blank=True, help_text="the file it came from")
    retired_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("tier", "name")

    def __str__(self) -> str:
        return self.name


class Original(models.Model):
    """A system as its user wrote it, packs not unfolded, for the export. Apart, because it can be 2 MB large.

    Kept as text, for PostgreSQL's JSON would put the keys into an order of its own.
    """

    system = models.OneToOneField(System, on_delete=models.CASCADE, primary_key=True, related_name="original")
    text = models.TextField(default="{}", help_text="the mapping as JSON")


class Component(models.Model):
    """A part of a system. ``settings`` keeps ``${…}`` unfilled: a secret is never stored here."""

    system = models.ForeignKey(System, on_delete=models.PROTECT, related_name="components")
    name = models.SlugField(max_length=63)
    title = models.JSONField(default=dict)
    kind = models.CharField(max_length=32)
    settings = models.JSONField(default=dict)
    depends_on = models.ManyToManyField("self", symmetrical=False, related_name="needed_by", blank=True)
    retired_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("system", "name")
        constraints = [models.UniqueConstraint(fields=("system", "name"), name="component_name")]

    def __str__(self) -> str:
        return f"{self.system}/{self.name}"


class Check(models.Model):
    """One thing that can be wrong. ``document`` is the whole unfolded definition (domain.document.Check)."""

    system = models.ForeignKey(System, on_delete=models.PROTECT, related_name="checks")
    component = models.ForeignKey(Component, on_delete=models.PROTECT, related_name="checks", null=True)
    name = models.CharField(max_length=127)
    title = models.JSONField(default=dict)
    kind = models.CharField(max_length=63)
    every = models.FloatField(help_text="seconds between two looks")
    category = models.CharField(max_length=16)
    impact = models.CharField(max_length=16)
    pack = models.CharField(max_length=63, blank=True)
    document = models.JSONField(default=dict)
    retired_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("system", "name")
        constraints = [models.UniqueConstraint(fields=("system", "name"), name="check_name")]

    def __str__(self) -> str:
        return f"{self.system}/{self.name}"


class OfAKind(models.Model):
    """What belongs to no system and is set up as its kind wants it. ``settings`` keeps ``${…}`` unfilled."""

    name = models.SlugField(max_length=63, unique=True)
    kind = models.CharField(max_length=32)
    settings = models.JSONField(default=dict)
    document = models.JSONField(default=dict)
    retired_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class Channel(OfAKind):
    """A way to tell somebody."""


class Store(OfAKind):
    """A place for copies."""


class Calendar(models.Model):
    """Holidays and worked weekend days."""

    name = models.SlugField(max_length=63, unique=True)
    document = models.JSONField(default=dict)
    retired_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.name


class HelpDesk(models.Model):
    """How users reach the people who help (domain.document.HelpDesk). One row; it keeps ``${…}`` unfilled."""

    name = models.SlugField(max_length=63, unique=True)
    document = models.JSONField(default=dict)
    retired_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.name


class Arrangement(models.Model):
    """A team, a rotation, an escalation or a vendor: who is called. ``document`` is domain.on_call's of its kind."""

    kind = models.CharField(max_length=16, help_text="team, rotation, escalation, vendor")
    name = models.SlugField(max_length=63)
    document = models.JSONField(default=dict)
    retired_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("kind", "name")
        constraints = [models.UniqueConstraint(fields=("kind", "name"), name="arrangement_name")]

    def __str__(self) -> str:
        return f"{self.kind}:{self.name}"


class Policy(models.Model):
    """What is backed up, how and when. ``document`` is the whole definition (domain.backup_policy.Policy)."""

    system = models.ForeignKey(System, on_delete=models.PROTECT, related_name="policies")
    component = models.ForeignKey(Component, on_delete=models.PROTECT, related_name="policies")
    name = models.CharField(max_length=63)
    title = models.JSONField(default=dict)
    tool = models.CharField(max_length=32)
    document = models.JSONField(default=dict)
    made_at = models.DateTimeField(default=timezone.now, help_text="from when its first copy is awaited")
    retired_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("system", "name")
        constraints = [models.UniqueConstraint(fields=("system", "name"), name="policy_name")]

    def __str__(self) -> str:
        return f"{self.system}/{self.name}"


class Secret(models.Model):
    """A named value that ``${NAME}`` fills in, sealed with AES-256-GCM (``mainstay/sealing.py``)."""

    name = models.CharField(max_length=100, unique=True)
    sealed = models.BinaryField()
    key_id = models.CharField(max_length=32)
    set_at = models.DateTimeField()
    set_by = models.CharField(max_length=150)

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class Outline(models.Model):
    """A system that somebody is describing and has not applied (domain.outline.Outline). One a person."""

    actor = models.CharField(max_length=150, unique=True)
    document = models.JSONField(default=dict)
    begun_at = models.DateTimeField()
    touched_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.actor}: {self.document.get('system', '')}"


class Practice(models.Model):
    """An entry of a shared document on how incidents of all systems are graded, timed and told."""

    kind = models.CharField(max_length=16, help_text="grading, clock, words (domain.document_levels)")
    name = models.SlugField(max_length=63)
    document = models.JSONField(default=dict)
    retired_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("kind", "name")
        constraints = [models.UniqueConstraint(fields=("kind", "name"), name="practice_name")]

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"
