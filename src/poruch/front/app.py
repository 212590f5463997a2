"""The one Django app of the front."""

from django.apps import AppConfig


class FrontConfig(AppConfig):
    """Models and migrations of the front."""

    name = "poruch.front"
    label = "front"
