"""Who did what. Rows are chained by hash and never changed."""

from django.db import models


class Record(models.Model):
    """One act. ``digest`` covers this row and the digest before it (domain/audit_chain.py)."""

    number = models.PositiveBigIntegerField(primary_key=True)
    at = models.DateTimeField()
    actor = models.CharField(max_length=150)
    act = models.CharField(max_length=64)
    object = models.CharField(max_length=300)
    data = models.JSONField(default=dict)
    before = models.CharField(max_length=64)
    digest = models.CharField(max_length=64)

    class Meta:
        ordering = ("number",)
        indexes = [models.Index(fields=("act", "-number"), name="record_act")]
