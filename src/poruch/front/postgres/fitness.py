"""Whether a PostgreSQL is set as a front needs it; asked at every start, before a person can send anything.

Durable: what was acknowledged is on the disk. Silent: its log names no values and no times. Forgetful: what was erased
is in no file of it any more. Each rule and its reason: docs/operators-postgresql.md.
"""

from collections.abc import Callable
from dataclasses import dataclass

import psycopg

from poruch.errors import StoreBroken, UnfitDatabase
from poruch.front.postgres.line import parameters

LEAST_VERSION = 150_000
TALKATIVE = ("auto_explain", "pgaudit", "pg_qualstats", "pg_stat_monitor")
"""Libraries that write values of statements into a log or keep them."""


@dataclass(frozen=True)
class Rule:
    """A setting of the server; `wanted` in words."""

    setting: str
    wanted: str
    holds: Callable[[str], bool]


def _is(setting: str, value: str) -> Rule:
    return Rule(setting, f"{setting} = {value}", lambda found: found == value)


def _without(setting: str) -> Rule:
    return Rule(
        setting,
        f"{setting} without {', '.join(TALKATIVE)}",
        lambda found: not any(name in found for name in TALKATIVE),
    )


RULES = (
    Rule("server_version_num", "PostgreSQL 15 or newer", lambda found: int(found) >= LEAST_VERSION),
    _is("server_encoding", "UTF8"),
    _is("fsync", "on"),
    _is("full_page_writes", "on"),
    _is("log_statement", "none"),
    _is("log_duration", "off"),
    _is("log_min_duration_statement", "-1"),
    _is("log_min_duration_sample", "-1"),
    _is("log_transaction_sample_rate", "0"),
    _is("log_error_verbosity", "terse"),
    _is("track_commit_timestamp", "off"),
    _is("archive_mode", "off"),
    _is("wal_recycle", "off"),
    *map(_without, ("shared_preload_libraries", "session_preload_libraries", "local_preload_libraries")),
)

_SETTINGS = "SELECT name, setting FROM pg_settings WHERE name = ANY(%s)"
_ROLE = """
SELECT rolsuper, pg_has_role(current_user, 'pg_monitor', 'USAGE'), pg_has_role(current_user, 'pg_checkpoint', 'USAGE'),
       has_function_privilege('pg_switch_wal()', 'EXECUTE'), pg_is_in_recovery()
FROM pg_roles WHERE rolname = current_user
"""


def require_fit(line: str) -> None:
    """Raises `UnfitDatabase` with all that is to be changed, `StoreBroken` if the database does not answer."""
    given = parameters(line)
    try:
        with psycopg.connect(**given) as connection:  # type: ignore[arg-type]  # all of libpq's are texts
            found: dict[str, str] = dict(connection.execute(_SETTINGS, ([rule.setting for rule in RULES],)).fetchall())
            role = connection.execute(_ROLE).fetchone()
    except psycopg.Error:
        raise StoreBroken("the database does not answer; look whether it runs and whom it lets in") from None
    wrong = [*faults(found), *role_faults(role or ()), *_way_faults(given)]
    if wrong:
        raise UnfitDatabase("; ".join(wrong))


def faults(found: dict[str, str]) -> list[str]:
    """What is wanted and not so; a setting that a version does not have is as good as its rule."""
    return [rule.wanted for rule in RULES if rule.setting in found and not rule.holds(found[rule.setting])]


def role_faults(row: tuple[object, ...]) -> list[str]:
    """The same of the role that the front comes as; `row` is that of _ROLE."""
    if len(row) != 5:
        return ["a role for the front"]
    over, monitor, checkpoint, switch, standby = row
    wanted = [
        (not over, "a role that is no superuser"),
        (monitor, "GRANT pg_monitor to the role"),
        (checkpoint, "GRANT pg_checkpoint to the role"),
        (switch, "GRANT EXECUTE ON FUNCTION pg_switch_wal() to the role, in this database"),
        (not standby, "the server that writes, no standby"),
    ]
    return [words for holds, words in wanted if not holds]


def _way_faults(given: dict[str, str]) -> list[str]:
    """Between two machines nobody may listen, or answer in the database's place."""
    hosts = [host for name in ("host", "hostaddr") for host in given.get(name, "").split(",") if host]
    here = all(host.startswith(("/", "@")) or host in ("localhost", "127.0.0.1", "::1") for host in hosts)
    return [] if here or given.get("sslmode") == "verify-full" else ["sslmode=verify-full in the line"]
