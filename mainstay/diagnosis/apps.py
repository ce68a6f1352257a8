"""Registers the app with Django."""

from django.apps import AppConfig


class DiagnosisConfig(AppConfig):
    name = "mainstay.diagnosis"
    label = "diagnosis"
    default_auto_field = "django.db.models.BigAutoField"
