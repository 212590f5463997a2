"""The number that a front draws when it is made, and says with each answer to a desk: another number, another disk.

A desk that meets another one looks what is missing there and gives it again (desk/renewal.py).
"""

import secrets
from pathlib import Path

_known: dict[Path, str] = {}


def number_of(folder: Path) -> str:
    """16 hex digits, the same for all processes of this front."""
    from poruch.front.models import Fact

    if folder not in _known:
        fact, _ = Fact.objects.get_or_create(name="number", defaults={"value": secrets.token_hex(8)})
        _known[folder] = fact.value
    return _known[folder]
