"""Registers the app with Django."""

from django.apps import AppConfig


class NoticesConfig(AppConfig):
    name = "mainstay.notices"
    label = "notices"
    default_auto_field = "django.db.models.BigAutoField"
