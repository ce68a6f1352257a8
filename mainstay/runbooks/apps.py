"""Registers the app with Django."""

from django.apps import AppConfig


class RunbooksConfig(AppConfig):
    name = "mainstay.runbooks"
    label = "runbooks"
    default_auto_field = "django.db.models.BigAutoField"
