"""The settings. No database, no session, no admin: what Django does not have it cannot tell."""

import secrets
from pathlib import Path
from typing import Any

from poruch.web.words import LANGUAGES

HERE = Path(__file__).parent
WEB = HERE.parents[1] / "web"
LOCALE = HERE.parent / "locale"


def build() -> dict[str, Any]:
    """The settings of a desk; which desk it is stands in room.py."""
    return {
        "DEBUG": False,
        "SECRET_KEY": secrets.token_hex(32),  # signs nothing of ours; Django wants one
        "ALLOWED_HOSTS": ["*"],  # door.py compares the Host exactly, before anything else
        "ROOT_URLCONF": "poruch.desk.site.urls",
        "INSTALLED_APPS": [],
        "MIDDLEWARE": ["poruch.desk.site.door.Door"],
        "DATABASES": {},
        "TEMPLATES": [
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "DIRS": [HERE / "templates", WEB / "templates"],
                "OPTIONS": {
                    "libraries": {"poruch": "poruch.web.tags", "desk": "poruch.desk.site.tags"},
                    "loaders": [
                        ("django.template.loaders.cached.Loader", ["django.template.loaders.filesystem.Loader"])
                    ],
                },
            }
        ],
        "FORM_RENDERER": "django.forms.renderers.DjangoTemplates",
        "LANGUAGE_CODE": "en",
        "LANGUAGES": list(LANGUAGES.items()),
        "LOCALE_PATHS": [LOCALE, WEB / "locale"],
        "FORMAT_MODULE_PATH": "poruch.web.formats",
        "USE_I18N": True,
        "USE_TZ": True,
        "USE_THOUSAND_SEPARATOR": False,
        "LOGGING_CONFIG": None,
        "DATA_UPLOAD_MAX_MEMORY_SIZE": 1024 * 1024,  # door.py holds the limit of a form
        "DATA_UPLOAD_MAX_NUMBER_FIELDS": 2048,
        "FILE_UPLOAD_HANDLERS": ["poruch.desk.site.uploads.MemoryHandler"],
    }
