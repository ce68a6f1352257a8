"""Registers the app with Django."""

from django.apps import AppConfig


class RemediesConfig(AppConfig):
    name = "mainstay.remedies"
    label = "remedies"
    default_auto_field = "django.db.models.BigAutoField"
