"""Registers the app with Django."""

from django.apps import AppConfig


class HelpDeskConfig(AppConfig):
    name = "mainstay.help_desk"
    label = "help_desk"
    default_auto_field = "django.db.models.BigAutoField"
