"""Registers the app with Django."""

from django.apps import AppConfig


class InspectionConfig(AppConfig):
    name = "mainstay.inspection"
    label = "inspection"
    default_auto_field = "django.db.models.BigAutoField"
