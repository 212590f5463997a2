"""Forms around the key file: what asks for the passphrase again, and the duress passphrase."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from poruch.desk.site.forms import Form


def _passphrase(label: Any, help_text: Any = "") -> forms.CharField:
    return forms.CharField(
        label=label,
        help_text=help_text,
        max_length=1000,
        strip=False,
        error_messages={"required": _("Type your passphrase."), "max_length": _("This is longer than a passphrase.")},
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
    )


class AgainForm(Form):
    """The passphrase of the key file, asked for once more."""

    passphrase = _passphrase(_("Your passphrase"))


class DuressForm(AgainForm):
    """The duress passphrase, typed twice."""

    first = _passphrase(_("The duress passphrase"), _("12 characters or more, and nothing like your own."))
    second = _passphrase(_("The duress passphrase once more"))
