"""Backup jobs, the copies that they made, and the proofs that those restore.

A policy is configured in the catalogue; what happened stands here. A policy owns its repositories: one job of a policy
runs at a time, whatever its act, and that is the lease on the repositories too.
"""

from django.db import models

from mainstay.catalogue.models import Policy, Store


class Repository(models.Model):
    """Where a policy's copies lie in one store, and how it was found when it was last looked through."""

    policy = models.ForeignKey(Policy, on_delete=models.PROTECT, related_name="repositories")
    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="repositories")
    identifier = models.CharField(max_length=100, help_text="what the tool itself calls it")
    made_at = models.DateTimeField()
    checked_at = models.DateTimeField(null=True)
    part = models.PositiveSmallIntegerField(default=0, help_text="the part whose data was read last, from 1")
    damage = models.TextField(blank=True, help_text="what the last look found; empty: it is whole")
    size = models.BigIntegerField(null=True, help_text="bytes")
    free = models.BigIntegerField(null=True, help_text="bytes left in the store, where it says so")
    unclean = models.JSONField(default=list, help_text="runs that died here; what they left goes before anything else")

    class Meta:
        ordering = ("policy", "store")
        constraints = [models.UniqueConstraint(fields=("policy", "store"), name="repository_once")]
        verbose_name_plural = "repositories"


class Job(models.Model):
    """One act on a policy's copies at one tick. ``act``: backup, forward, prove, check, prune, restore.

    ``state``: waiting, running, done, failed. A running job whose lease ran out lost its worker: what it left is
    cleaned up, and it waits again or has failed.
    """

    policy = models.ForeignKey(Policy, on_delete=models.PROTECT, related_name="jobs")
    act = models.CharField(max_length=8)
    tick = models.DateTimeField(help_text="the moment at which it was due, or asked for")
    level = models.CharField(max_length=11, blank=True, help_text="full, incremental; of a backup")
    why = models.CharField(max_length=8, help_text="schedule, hand, safety, after")
    asked_by = models.CharField(max_length=150)
    copy = models.ForeignKey("Copy", on_delete=models.PROTECT, null=True, related_name="jobs")
    wanted = models.JSONField(default=dict, help_text="what a restore was asked to do")
    state = models.CharField(max_length=7, default="waiting")
    not_before = models.DateTimeField(null=True, help_text="a later try")
    attempt = models.PositiveSmallIntegerField(default=0)
    worker = models.CharField(max_length=100, blank=True)
    leased_until = models.DateTimeField(null=True)
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    progress = models.JSONField(default=dict, help_text="stage, done, total (bytes), at")
    problem = models.JSONField(default=dict, help_text="code, detail; empty: none")
    report = models.JSONField(default=dict, help_text="steps with seconds, versions of the tools, bytes")
    story = models.JSONField(default=list, help_text="what happened, each with its moment: kills, retries, cleaning")

    class Meta:
        ordering = ("-tick", "-id")
        constraints = [
            models.UniqueConstraint(fields=("policy", "act", "tick"), name="job_once"),
            models.UniqueConstraint(fields=("policy",), condition=models.Q(state="running"), name="job_alone"),
        ]
        indexes = [
            models.Index(fields=("tick",), condition=models.Q(state="waiting"), name="job_waiting"),
            models.Index(fields=("policy", "-tick"), name="job_policy"),
        ]


class Copy(models.Model):
    """A copy that was taken whole, in one store. Only what a job recorded here is a copy; anything else in a repository
    is left over from a job that died."""

    policy = models.ForeignKey(Policy, on_delete=models.PROTECT, related_name="copies")
    repository = models.ForeignKey(Repository, on_delete=models.PROTECT, related_name="copies")
    made_from = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="forwarded")
    identifier = models.CharField(max_length=100, help_text="the snapshot or label in the repository")
    level = models.CharField(max_length=11, help_text="full, incremental")
    base = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="increments")
    at = models.DateTimeField(help_text="the moment whose data it holds")
    made_at = models.DateTimeField()
    size = models.BigIntegerField(help_text="bytes when restored")
    added = models.BigIntegerField(help_text="bytes that the repository grew by")
    point = models.JSONField(default=dict, help_text="what the tool needs to find and restore it: files, WAL, versions")
    fingerprint = models.JSONField(default=dict, help_text="domain.fingerprint.Fingerprint, taken with the copy")
    asked = models.JSONField(default=dict, help_text="what was copied and compared: databases, paths, totals, tables")
    versions = models.JSONField(default=dict, help_text="program → version that made it")
    dropped_at = models.DateTimeField(null=True)
    why_dropped = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ("-at", "-id")
        constraints = [models.UniqueConstraint(fields=("repository", "identifier"), name="copy_once")]
        indexes = [models.Index(fields=("policy", "-at"), name="copy_policy")]


class Proof(models.Model):
    """A copy was restored and looked through. Never changed: the database refuses."""

    job = models.OneToOneField(Job, on_delete=models.PROTECT, related_name="proof")
    copy = models.ForeignKey(Copy, on_delete=models.PROTECT, related_name="proofs")
    at = models.DateTimeField()
    verdict = models.CharField(max_length=10, help_text="proved, failed, unproved: something could not be looked at")
    gates = models.JSONField(help_text="each with its verdict and evidence")
    figures = models.JSONField(help_text="seconds to restore, how far behind in minutes, orders, money")
    certificate = models.TextField(help_text="the canonical JSON that was signed")
    signature = models.CharField(max_length=128, help_text="Ed25519, base64")

    class Meta:
        ordering = ("-at", "-id")
        indexes = [models.Index(fields=("copy", "-at"), name="proof_copy")]


class Restore(models.Model):
    """A restore for real. To a new place it begins at once; to the live place after a second person approved exactly
    this, and after a fresh copy of what is there. ``state``: domain.restoring.State."""

    policy = models.ForeignKey(Policy, on_delete=models.PROTECT, related_name="restores")
    copy = models.ForeignKey(Copy, on_delete=models.PROTECT, related_name="restores")
    wanted = models.JSONField(help_text="domain.restoring.Wish")
    seal = models.CharField(max_length=64, help_text="digest over what is approved: wish, copy, live place")
    state = models.CharField(max_length=8, default="asked")
    reason = models.CharField(max_length=1000, blank=True)
    asked_by = models.CharField(max_length=150)
    asked_at = models.DateTimeField()
    approved_by = models.CharField(max_length=150, blank=True)
    approved_at = models.DateTimeField(null=True)
    safety = models.ForeignKey(Job, on_delete=models.PROTECT, null=True, related_name="makes_safe")
    job = models.OneToOneField(Job, on_delete=models.PROTECT, null=True, related_name="restore")
    marks = models.JSONField(
        default=dict, help_text="what tells the place before from the place after; set just before"
    )
    begun_at = models.DateTimeField(null=True, help_text="the place itself is being changed; no abort from here on")
    ended_at = models.DateTimeField(null=True)
    place = models.CharField(
        max_length=12, default="untouched", help_text="untouched, restored, between: of the target"
    )
    outcome = models.JSONField(default=dict, help_text="what was compared, where what was there before lies")
    story = models.JSONField(default=list, help_text="each step with its moment and who took it")

    class Meta:
        ordering = ("-asked_at", "-id")
        constraints = [
            models.CheckConstraint(condition=~models.Q(approved_by=models.F("asked_by")), name="restore_two_people"),
            models.UniqueConstraint(
                fields=("policy",), condition=models.Q(state__in=("safety", "running")), name="restore_alone"
            ),
        ]
