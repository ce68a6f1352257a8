"""What the engine observes: samples, standings, state changes. What people configured lives in ``catalogue``."""

from django.db import models

from mainstay.catalogue.models import Check, Component, System
from mainstay.domain.chunk import FULL


class Series(models.Model):
    """One metric of one check: the key under which its samples are kept."""

    check_of = models.ForeignKey(Check, on_delete=models.CASCADE, related_name="series", db_column="check_id")
    metric = models.CharField(max_length=100)
    unit = models.CharField(max_length=16)
    last_at = models.FloatField(null=True, help_text="newest compacted sample; what is newer lies in the raw head")
    last_value = models.FloatField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=("check_of", "metric"), name="series_metric")]


class SampleBatch(models.Model):
    """The raw head: all samples of one commit, packed (``domain/chunk.py``), until they are compacted."""

    at = models.FloatField(help_text="newest sample, seconds since 1970 UTC")
    count = models.PositiveIntegerField()
    data = models.BinaryField()


class SampleChunk(models.Model):
    """Up to ``domain.chunk.FULL`` samples of one series, packed tightly; one that is not full yet grows on."""

    series = models.ForeignKey(Series, on_delete=models.CASCADE, related_name="chunks", db_index=False)
    start = models.FloatField(help_text="oldest sample, seconds since 1970 UTC")
    end = models.FloatField(help_text="newest sample, seconds since 1970 UTC")
    count = models.PositiveIntegerField()
    data = models.BinaryField()

    class Meta:
        indexes = [
            models.Index(fields=("series", "end"), name="chunk_series_end"),
            models.Index(fields=("series",), condition=models.Q(count__lt=FULL), name="chunk_open"),
        ]


class Standing(models.Model):
    """How a check stands now: its state, and what the judge must remember to judge the next sample."""

    check_of = models.OneToOneField(
        Check, on_delete=models.CASCADE, primary_key=True, related_name="standing", db_column="check_id"
    )
    state = models.CharField(max_length=8, default="unknown")
    since = models.DateTimeField()
    flapping = models.BooleanField(default=False)
    message = models.JSONField(
        default=dict, help_text="why it is not ok: fault, detail, condition, metric, value, unit"
    )
    memory = models.JSONField(default=dict, help_text="domain.state_machine.Memory")
    looked_at = models.DateTimeField(null=True, help_text="refreshed with the state, and at least once a minute")
    updated_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=("state",), name="standing_state")]


class StateChange(models.Model):
    """A check went from one state to another, with the evidence that was seen at that moment."""

    check_of = models.ForeignKey(Check, on_delete=models.CASCADE, related_name="changes", db_column="check_id")
    at = models.DateTimeField()
    before = models.CharField(max_length=8)
    after = models.CharField(max_length=8)
    message = models.JSONField(default=dict, help_text="as Standing.message")
    evidence = models.JSONField(default=dict, help_text="rows, excerpt")
    muted = models.CharField(max_length=200, blank=True, help_text="why nobody was told, if so")

    class Meta:
        ordering = ("-at", "-id")
        indexes = [
            models.Index(
                fields=("check_of", "-at", "-id", "after", "before"), name="change_story"
            ),  # bands read no row
            models.Index(fields=("-at",), name="change_at"),
        ]


class Observation(models.Model):
    """The newest large result of a check, such as a flow's picture."""

    check_of = models.OneToOneField(
        Check, on_delete=models.CASCADE, primary_key=True, related_name="observation", db_column="check_id"
    )
    at = models.DateTimeField()
    payload = models.JSONField(default=dict)


class Ping(models.Model):
    """A heartbeat that came in."""

    check_of = models.ForeignKey(Check, on_delete=models.CASCADE, related_name="pings", db_column="check_id")
    at = models.DateTimeField()
    kind = models.CharField(max_length=8, help_text="success, start, fail, log")
    exit_code = models.SmallIntegerField(null=True)
    run = models.CharField(max_length=36, blank=True, help_text="the sender's run id, if it gave one")
    body = models.TextField(blank=True)
    source = models.GenericIPAddressField(null=True)

    class Meta:
        ordering = ("-at", "-id")
        indexes = [
            models.Index(fields=("check_of", "-id"), name="ping_check"),
            models.Index(fields=("at",), name="ping_at"),
        ]


class PingToken(models.Model):
    """The unguessable last part of a heartbeat's address."""

    token = models.CharField(max_length=64, primary_key=True)
    check_of = models.OneToOneField(Check, on_delete=models.CASCADE, related_name="ping_token", db_column="check_id")


class Mute(models.Model):
    """Judged and counted, but nobody is told: for a check, a component or a system, with a reason and an end."""

    system = models.ForeignKey(System, on_delete=models.CASCADE, related_name="mutes")
    component = models.ForeignKey(Component, on_delete=models.CASCADE, null=True, related_name="mutes")
    check_of = models.ForeignKey(Check, on_delete=models.CASCADE, null=True, related_name="mutes", db_column="check_id")
    reason = models.CharField(max_length=500)
    actor = models.CharField(max_length=150)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()

    class Meta:
        ordering = ("-starts_at",)


class Exercise(models.Model):
    """A drill brings a fault about on a system: what these checks see meanwhile is the drill's, and none of it counts
    for the system's availability."""

    system = models.ForeignKey(System, on_delete=models.CASCADE, related_name="exercises")
    drill = models.PositiveBigIntegerField(unique=True)
    checks = models.JSONField(default=list, help_text="ids of the checks that are to see the fault")
    begins_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True, help_text="null while it goes on")

    class Meta:
        ordering = ("-begins_at",)
        constraints = [
            models.UniqueConstraint(fields=("system",), condition=models.Q(ends_at=None), name="one_exercise_a_system")
        ]


class RunRequest(models.Model):
    """Somebody asks for a look now; the checker takes it."""

    check_of = models.ForeignKey(Check, on_delete=models.CASCADE, related_name="run_requests", db_column="check_id")
    asked_at = models.DateTimeField()
    asked_by = models.CharField(max_length=150)
    taken_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=("id",), condition=models.Q(taken_at=None), name="run_request_waiting")]


class Boot(models.Model):
    """A machine since it was started, and how far its wall clock stood from the one that nobody sets: what was written
    down by the one is counted by the other."""

    boot = models.CharField(max_length=64, primary_key=True, help_text="the kernel's own name for it")
    apart = models.FloatField(help_text="seconds")


class Pulse(models.Model):
    """A process of Mainstay says that it lives; a page shows in red when one is silent."""

    process = models.CharField(
        max_length=64, primary_key=True, help_text="checker, engine, web, with a number if several"
    )
    at = models.DateTimeField()
    started_at = models.DateTimeField()
    facts = models.JSONField(default=dict, help_text="checks, lag in seconds, waiting deliveries …")
