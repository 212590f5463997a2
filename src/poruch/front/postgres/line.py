"""The line that names a database, parsed; and what every connection of ours asks for besides."""

from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict

from poruch.errors import BadDatabaseLine

SESSION = {
    "synchronous_commit": "on",  # a commit is answered when it is on the disk
    "lock_timeout": "20s",
    "statement_timeout": "120s",
    "idle_in_transaction_session_timeout": "300s",  # a machine that vanished must not hold the others up
    "log_parameter_max_length_on_error": "0",
    "jit": "off",
}
"""Settings that a session may choose for itself; those that only the server's owner may choose: see fitness.py."""

_DEFAULTS = {
    "connect_timeout": "5",
    "target_session_attrs": "read-write",  # of several hosts the one that writes, after a failover too
    "application_name": "poruch",
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "20000",
}


def parameters(line: str, **session: str) -> dict[str, str]:
    """What libpq is given for the line; `session` changes settings of the session. Raises `BadDatabaseLine`."""
    try:
        named = {key: str(value) for key, value in conninfo_to_dict(line).items() if value is not None}
    except psycopg.Error:
        raise BadDatabaseLine("libpq cannot read the line") from None  # its own words may repeat a password
    if "dbname" not in named:
        raise BadDatabaseLine("no name of a database")
    options = " ".join(f"-c {name}={value}" for name, value in {**SESSION, **session}.items())
    return {**_DEFAULTS, **named, "options": f"{named.get('options', '')} {options}".strip()}


def django_database(line: str) -> dict[str, Any]:
    """The same for Django's settings."""
    given = parameters(line)
    places = {"NAME": "dbname", "USER": "user", "PASSWORD": "password", "HOST": "host", "PORT": "port"}
    options: dict[str, Any] = {key: value for key, value in given.items() if key not in places.values()}
    return {
        "ENGINE": "poruch.front.postgres",
        **{ours: given.get(theirs, "") for ours, theirs in places.items()},
        # Bound by the server: a statement in its log or in pg_stat_activity then has $1 where a value stood.
        "OPTIONS": {**options, "server_side_binding": True},
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
        "DISABLE_SERVER_SIDE_CURSORS": True,  # outside a transaction they copy all rows to a temporary file first
    }
