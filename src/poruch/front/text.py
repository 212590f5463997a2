"""What was typed, in one spelling: no control signs, no marks that turn the direction of writing around.

Such marks can make a name or an account number read otherwise on an officer's screen than its bytes say.
"""

import re
import unicodedata

_SILENT = re.compile("[\u00ad\u200b\ufeff]")
_HIDDEN = re.compile(
    "[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2060-\u206f\ufff9-\ufffb\U000e0000-\U000e007f]"
)


def clean(text: str) -> tuple[str, bool]:
    """The text without hidden signs, and whether there were any that the writer should know of."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = _SILENT.sub("", text)
    bare = _HIDDEN.sub("", text)
    return unicodedata.normalize("NFC", bare).strip(), bare != text
