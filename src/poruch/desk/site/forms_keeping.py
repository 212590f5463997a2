"""The form for a sync with a folder."""

from pathlib import Path

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from poruch.desk.site.forms import Form, Text

MOST_PATH = 1000


class FolderForm(Form):
    """Where the folder is on this machine."""

    folder = Text(
        label=_("Path of the folder"),
        help_text=_("For example /media/stick/fund. The folder must be there already."),
        max_length=MOST_PATH,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        error_messages={"required": _("Type the path of a folder."), "max_length": _("This is no path of a folder.")},
    )

    def clean_folder(self) -> str:
        """A whole path, so that it does not matter where the desk was started."""
        typed: str = self.cleaned_data["folder"]
        if not Path(typed).is_absolute() or "\0" in typed:
            raise ValidationError(_("Type the whole path, beginning with a slash."))
        return typed
