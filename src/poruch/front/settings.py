"""The settings, built from a folder. No session, no cookie, no admin: what Django does not have it cannot tell."""

import secrets
from pathlib import Path
from typing import Any

from poruch.front.place import SQLITE, place_of
from poruch.web.words import LANGUAGES

FORM_BYTES = 8 * 1024 * 1024
"""The longest body of a form: a field pasted with a megabyte still gets its own page back with a sentence."""

WEB = Path(__file__).parents[1] / "web"
HERE = Path(__file__).parent

HUSH = """
PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY; PRAGMA secure_delete = ON;
"""


def build(folder: Path) -> dict[str, Any]:
    """The settings of the front whose files lie in `folder`."""
    return {
        "DEBUG": False,
        "FRONT_FOLDER": folder,
        "SECRET_KEY": secrets.token_hex(32),  # signs nothing of ours; Django wants one
        "ALLOWED_HOSTS": ["*"],  # no page ever repeats the Host
        "ROOT_URLCONF": "poruch.front.urls",
        "INSTALLED_APPS": ["poruch.front.app.FrontConfig"],
        "MIDDLEWARE": ["poruch.front.headers.Doorkeeper"],
        "DATABASES": {"default": _database(folder)},
        "DEFAULT_AUTO_FIELD": "django.db.models.BigAutoField",
        "TEMPLATES": [_templates()],
        "FORM_RENDERER": "django.forms.renderers.DjangoTemplates",
        "LANGUAGE_CODE": "en",
        "LANGUAGES": list(LANGUAGES.items()),
        "LOCALE_PATHS": [WEB / "locale"],
        "FORMAT_MODULE_PATH": "poruch.web.formats",
        "USE_I18N": True,
        "USE_TZ": True,
        "USE_THOUSAND_SEPARATOR": False,
        "LOGGING_CONFIG": None,
        "DATA_UPLOAD_MAX_MEMORY_SIZE": 80 * 1024 * 1024,  # headers.py holds the limit of each path
        "DATA_UPLOAD_MAX_NUMBER_FIELDS": 64,
        "FILE_UPLOAD_HANDLERS": ["poruch.front.headers.NoUploads"],
    }


def _database(folder: Path) -> dict[str, Any]:
    place = place_of(folder)
    if place.postgres:
        from poruch.front.postgres.line import django_database

        return django_database(place.line)
    return sqlite_database(folder)


def sqlite_database(folder: Path) -> dict[str, Any]:
    """The database in the folder itself."""
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(folder / SQLITE),
        "OPTIONS": {"transaction_mode": "IMMEDIATE", "timeout": 20, "init_command": HUSH},
        "CONN_MAX_AGE": None,
    }


def _templates() -> dict[str, Any]:
    return {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [WEB / "templates", HERE / "templates"],
        "OPTIONS": {
            "libraries": {"poruch": "poruch.web.tags"},
            "loaders": [("django.template.loaders.cached.Loader", ["django.template.loaders.filesystem.Loader"])],
        },
    }
