"""Registers the app with Django."""

from django.apps import AppConfig


class KnowledgeConfig(AppConfig):
    name = "mainstay.knowledge"
    label = "knowledge"
    default_auto_field = "django.db.models.BigAutoField"
