"""What was learned, written down: articles, every version of them, and what a search looks in."""

from django.db import models

from mainstay.catalogue.models import Component, System
from mainstay.incidents.models import Incident


class Article(models.Model):
    """How to understand or end a fault, or how to do something. ``texts`` is the newest version."""

    state = models.CharField(max_length=16, default="draft", help_text="draft, published, retired")
    texts = models.JSONField(default=dict, help_text="language → title and body in Markdown")
    version = models.PositiveIntegerField(default=1)
    system = models.ForeignKey(System, on_delete=models.PROTECT, related_name="articles", null=True)
    component = models.ForeignKey(Component, on_delete=models.PROTECT, related_name="articles", null=True)
    fingerprint = models.CharField(max_length=300, blank=True, help_text="the key of the incidents that it is about")
    checks = models.JSONField(default=list, help_text="names of the checks (system/check) whose failing it is about")
    incident = models.ForeignKey(
        Incident, on_delete=models.SET_NULL, related_name="articles", null=True, help_text="it was drafted from this"
    )
    public = models.BooleanField(default=False, help_text="the help desk offers it to everybody")
    review_at = models.DateField(null=True, help_text="when somebody should look whether it still holds")
    author = models.CharField(max_length=150)
    made_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    published_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-changed_at", "-id")
        indexes = [models.Index(fields=("state", "review_at"), name="article_state_review")]


class Version(models.Model):
    """An article as somebody left it. Never changed, never deleted."""

    article = models.ForeignKey(Article, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    texts = models.JSONField()
    at = models.DateTimeField()
    actor = models.CharField(max_length=150)
    remark = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ("-number",)
        constraints = [models.UniqueConstraint(fields=("article", "number"), name="article_version_once")]


class Gram(models.Model):
    """A piece of an article's text (``domain/full_text.py``): a search looks these up for equality."""

    article = models.ForeignKey(Article, on_delete=models.CASCADE, related_name="grams")
    language = models.CharField(max_length=8)
    gram = models.CharField(max_length=8)

    class Meta:
        constraints = [models.UniqueConstraint(fields=("gram", "article", "language"), name="gram_once")]
