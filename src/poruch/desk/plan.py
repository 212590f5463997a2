"""The founders' plan as a TOML text. Unknown keys are refused by name."""

import tomllib
from dataclasses import dataclass

from poruch.desk.founding import Plan
from poruch.desk.plan_checks import check_plan
from poruch.errors import BadCharter, BadIban, BadReference
from poruch.events.charter import CIRCLES, RETENTION_DAYS, Programme, check_threshold
from poruch.events.kinds import Party
from poruch.rails.iban import parse_iban
from poruch.rails.references import parse as parse_reference

_KEYS = {
    "name": str,
    "origin": str,
    "languages": list,
    "currency": str,
    "threshold": int,
    "gift_reference": str,
    "account_holder": str,
    "account_iban": str,
    "remittance": str,
    "refused_countries": list,
    "publication_days": int,
    "silent_days": int,
    "retention_days": int,
    "founders": list,
    "programmes": list,
    "related": list,
}
_OPTIONAL: dict[str, object] = {"related": [], "silent_days": 7, "retention_days": RETENTION_DAYS}


@dataclass(frozen=True)
class PlannedFund:
    """A plan and the working names of its founders, by number."""

    plan: Plan
    names: dict[int, str]


def parse_plan(text: str) -> PlannedFund:
    """The plan in a TOML text. Raises `BadCharter`, `BadOfficers`, `BadIban`, `BadReference`."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadCharter(f"The plan is not TOML: {error}.") from None
    unknown = sorted(set(table) - set(_KEYS))
    if unknown:
        raise BadCharter(f"The plan has an unknown key: {unknown[0]}.")
    for key, kind in _KEYS.items():
        value = table.get(key, _OPTIONAL.get(key))
        if not isinstance(value, kind) or isinstance(value, bool):
            raise BadCharter(f"The plan's {key} is missing or of the wrong kind.")
    founders = [_row(row, {"name": str, "circles": list}, "founders") for row in table["founders"]]
    check_threshold(table["threshold"], len(founders))
    names = {number: str(row["name"]) for number, row in enumerate(founders, 1)}
    plan = _plan(table, founders)
    check_plan(plan, list(names.values()))
    return PlannedFund(plan, names)


def _row(row: object, kinds: dict[str, type], table: str) -> dict[str, object]:
    if not isinstance(row, dict) or set(row) != set(kinds):
        raise BadCharter(f"A row of {table} must have exactly {', '.join(kinds)}.")
    for key, kind in kinds.items():
        if not isinstance(row[key], kind) or isinstance(row[key], bool):
            raise BadCharter(f"The {key} of a row of {table} is of the wrong kind.")
    return row


def _circles(founders: list[dict[str, object]]) -> dict[str, tuple[int, ...]]:
    members: dict[str, list[int]] = {circle: [] for circle in CIRCLES}
    for number, row in enumerate(founders, 1):
        circles = row["circles"]
        assert isinstance(circles, list)
        for circle in ("officers", *circles):
            if not isinstance(circle, str) or circle not in members:
                raise BadCharter(f"There is no circle {circle}; there are casework, treasury and auditors.")
            if number not in members[circle]:
                members[circle].append(number)
    for circle, numbers in members.items():
        if not numbers:
            raise BadCharter(f"Nobody belongs to {circle}.")
    return {circle: tuple(numbers) for circle, numbers in members.items()}


def _programme(row: dict[str, object]) -> Programme:
    example = row["example_minor"]
    assert isinstance(example, list)
    if not example or not all(isinstance(amount, int) and amount > 0 for amount in example):
        raise BadCharter("The example of a programme must be amounts in minor units.")
    return Programme(str(row["key"]), str(row["account"]), int(str(row["approvals"])), tuple(example))


def _plan(table: dict[str, object], founders: list[dict[str, object]]) -> Plan:
    programmes, related = table["programmes"], table.get("related", [])
    languages, refused = table["languages"], table["refused_countries"]
    assert isinstance(programmes, list)
    assert isinstance(related, list)
    assert isinstance(languages, list)
    assert isinstance(refused, list)
    kinds = {"key": str, "account": str, "approvals": int, "example_minor": list}
    parties = [_row(row, {"name": str, "ibans": list}, "related") for row in related]
    try:
        return Plan(
            name=str(table["name"]),
            origin=str(table["origin"]),
            languages=tuple(map(str, languages)),
            currency=str(table["currency"]),
            k=int(str(table["threshold"])),
            circles=_circles(founders),
            programmes=tuple(_programme(_row(row, kinds, "programmes")) for row in programmes),
            gift_reference=parse_reference(str(table["gift_reference"])),
            account_holder=str(table["account_holder"]),
            account_iban=parse_iban(str(table["account_iban"])),
            remittance=str(table["remittance"]),
            refused_countries=tuple(map(str, refused)),
            related=tuple(_party(row) for row in parties),
            publication_days=int(str(table["publication_days"])),
            silent_days=int(str(table.get("silent_days", _OPTIONAL["silent_days"]))),
            retention_days=int(str(table.get("retention_days", _OPTIONAL["retention_days"]))),
        )
    except (BadIban, BadReference) as error:
        raise BadCharter(error.sentence) from error


def _party(row: dict[str, object]) -> Party:
    ibans = row["ibans"]
    assert isinstance(ibans, list)
    return Party(str(row["name"]), tuple(parse_iban(str(iban)) for iban in ibans))
