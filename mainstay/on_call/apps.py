"""Registers the app with Django."""

from django.apps import AppConfig


class OnCallConfig(AppConfig):
    name = "mainstay.on_call"
    label = "on_call"
    default_auto_field = "django.db.models.BigAutoField"
