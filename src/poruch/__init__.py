"""Poruch: a solidarity fund that a raid cannot stop."""

__version__ = "0.1.0"
