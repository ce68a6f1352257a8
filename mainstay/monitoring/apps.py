"""Registers the app with Django."""

from django.apps import AppConfig


class MonitoringConfig(AppConfig):
    name = "mainstay.monitoring"
    label = "monitoring"
    default_auto_field = "django.db.models.BigAutoField"
