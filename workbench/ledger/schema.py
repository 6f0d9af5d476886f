"""The tables of a ledger, and whether a file is one.

What may become of a job is also written into the database as a trigger, so that no mistake of a
program, ours or another, can bring a job back from its end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.errors import StorageError
from workbench.ledger.job import STATES, TRANSITIONS

if TYPE_CHECKING:
    import sqlite3

__all__ = ["APPLICATION", "VERSION", "found", "made"]

APPLICATION = 0x57424A4C
"""``WBJL`` in the head of the file, by which it is known as a ledger."""

VERSION = 1
"""Of the tables; a ledger of another one is refused."""

_LEGAL = " OR ".join(
    f"(OLD.state = '{state}' AND NEW.state IN ({', '.join(repr(one) for one in sorted(after))}))"
    for state, after in TRANSITIONS.items()
    if after
)
_SCHEMA = f"""
CREATE TABLE jobs (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    parameters TEXT NOT NULL,
    output TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ({", ".join(repr(state) for state in STATES)})),
    progress REAL NOT NULL DEFAULT 0 CHECK (progress BETWEEN 0 AND 1),
    error TEXT,
    result TEXT,
    key TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    most INTEGER NOT NULL,
    created REAL NOT NULL,
    started REAL,
    finished REAL,
    clock REAL,
    owner TEXT NOT NULL DEFAULT '',
    lease REAL,
    until REAL,
    wanted INTEGER NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX keys ON jobs (key) WHERE key <> '';
CREATE INDEX states ON jobs (state, number);
CREATE TRIGGER legal BEFORE UPDATE OF state ON jobs
WHEN NOT ({_LEGAL})
BEGIN SELECT RAISE(ABORT, 'illegal change of state'); END;
PRAGMA application_id = {APPLICATION};
PRAGMA user_version = {VERSION};
"""


def found(connection: sqlite3.Connection, name: str) -> bool:
    """Return whether the file is a ledger; False for one without anything in it.

    Raises
    ------
    StorageError
        When it is another program's database, or a ledger of another version.
    """
    application, version, tables = connection.execute(
        "SELECT (SELECT application_id FROM pragma_application_id), "
        "(SELECT user_version FROM pragma_user_version), (SELECT count(*) FROM sqlite_master)"
    ).fetchone()
    if application == APPLICATION and version == VERSION:
        return True
    if application == APPLICATION:
        raise StorageError(
            f"is a ledger of version {version}, and this program reads version {VERSION}",
            subject=name,
            cure="update this program, or use another folder",
        )
    if application or version or tables:
        raise StorageError(
            "is the database of another program",
            subject=name,
            cure="use another folder for the store",
        )
    return False


def made(connection: sqlite3.Connection) -> None:
    """Make the tables, in the transaction that is open."""
    statement = ""
    for line in _SCHEMA.splitlines():
        statement += f"{line}\n"
        # A trigger holds semicolons of its own, on lines that end otherwise.
        if line.endswith(";"):
            connection.execute(statement)
            statement = ""
