"""Registers the app with Django."""

from django.apps import AppConfig


class OwnCopiesConfig(AppConfig):
    name = "mainstay.own_copies"
    label = "own_copies"
    default_auto_field = "django.db.models.BigAutoField"
