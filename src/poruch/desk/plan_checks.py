"""What a founders' plan must hold, so that nothing stops the first grant, batch or publication later."""

import re
import unicodedata

from poruch.desk.founding import Plan
from poruch.errors import BadAmount, BadCharter
from poruch.events.charter import MOST_RETENTION_DAYS
from poruch.ledger.publication import LARGEST_AMOUNT
from poruch.rails.charset import is_sepa
from poruch.rails.money import exponent

_ACCOUNT = re.compile("[a-z0-9][a-z0-9-]{0,31}")  # as the log writes it (docs/spec/log.md section 4)
_ORIGIN = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]{1,5})?(/[a-z0-9._-]+)*/log")
_COUNTRY = re.compile("[A-Z]{2}")
_LONGEST_NAME = 40  # characters
_LONGEST_HOLDER, _LONGEST_REMITTANCE = 70, 140  # as pain.001 allows


def check_plan(plan: Plan, names: list[str]) -> None:
    """Raises `BadCharter`, whose detail is a sentence for founders."""
    _check_names(names)
    _check_programmes(plan)
    _check_bank(plan)
    if not _ORIGIN.fullmatch(plan.origin):
        raise BadCharter("The origin must be the front's address without https://, and /log: fund.example/log.")
    if len(set(plan.languages)) < len(plan.languages):
        raise BadCharter("A language is named twice.")
    if not 1 <= plan.publication_days <= 366:
        raise BadCharter("publication_days must be from 1 to 366.")
    if not 1 <= plan.silent_days <= 90:
        raise BadCharter("silent_days must be from 1 to 90: so long a ceremony waits for somebody.")
    if not 0 <= plan.retention_days <= MOST_RETENTION_DAYS:
        raise BadCharter("retention_days must be from 0 to 36525: so long bank details of a payment are not erased.")
    if any(not party.name.strip() for party in plan.related):
        raise BadCharter("A related party has no name.")


def _check_names(names: list[str]) -> None:
    """Working names become folders."""
    for name in names:
        plain = name == name.strip() and name.isprintable() and 0 < len(name) <= _LONGEST_NAME
        if not plain or name.startswith((".", "-")) or "/" in name:
            raise BadCharter(f"A working name must have 1 to {_LONGEST_NAME} characters, and name a folder.")
    if len({unicodedata.normalize("NFC", name).lower() for name in names}) < len(names):
        raise BadCharter("Two founders have the same working name.")


def _check_programmes(plan: Plan) -> None:
    keys = [programme.key for programme in plan.programmes]
    if len(set(keys)) < len(keys) or not all(map(_ACCOUNT.fullmatch, keys)):
        raise BadCharter("The key of a programme must be small letters, digits and dashes, and no other's.")
    for programme in plan.programmes:
        if not _ACCOUNT.fullmatch(programme.account) or programme.account.startswith("cost-"):
            raise BadCharter(
                "The account of a programme must be small letters, digits and dashes, without cost- in front."
            )
        if programme.approvals >= len(plan.circles["casework"]):
            needs = f"The programme {programme.key} needs {programme.approvals} approvals of a grant"
            raise BadCharter(f"{needs}; casework has fewer members beside the one who proposes it.")
        if max(programme.example_minor) > LARGEST_AMOUNT:
            raise BadCharter(f"An instalment of the programme {programme.key} is larger than the log can hold.")


def _check_bank(plan: Plan) -> None:
    try:
        exponent(plan.currency)
    except BadAmount:
        raise BadCharter("The currency must be three capital letters of ISO 4217.") from None
    for name, text, longest in (
        ("account_holder", plan.account_holder, _LONGEST_HOLDER),
        ("remittance", plan.remittance, _LONGEST_REMITTANCE),
    ):
        if not 0 < len(text.strip()) <= longest or not is_sepa(text):
            raise BadCharter(f"The {name} must have 1 to {longest} characters of those that banks take.")
    if not all(_COUNTRY.fullmatch(country) for country in plan.refused_countries):
        raise BadCharter("Countries are named by two capital letters, as in an IBAN.")
