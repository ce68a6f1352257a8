"""Registers the app with Django."""

from django.apps import AppConfig


class BackupsConfig(AppConfig):
    name = "mainstay.backups"
    label = "backups"
    default_auto_field = "django.db.models.BigAutoField"
