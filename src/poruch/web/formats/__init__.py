"""How days and numbers are written, a module for each language: Django has none for Belarusian."""
