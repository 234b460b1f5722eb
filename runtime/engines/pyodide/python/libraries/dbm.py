"""dbm, and so shelve, on a database of SQLite: bytes by bytes in one file."""

import sqlite3
from collections.abc import MutableMapping
from pathlib import Path


class _Error(Exception):
    pass


error = (_Error, OSError)
_FLAGS = ("r", "w", "c", "n")


def _bytes(value):
    return value.encode() if isinstance(value, str) else bytes(value)


class _Database(MutableMapping):
    def __init__(self, path, flag):
        if flag == "n":
            path.unlink(missing_ok=True)
        mode = {"r": "ro", "w": "rw"}.get(flag, "rwc")
        try:
            self._file = sqlite3.connect(f"{path.absolute().as_uri()}?mode={mode}", autocommit=True, uri=True)
            if mode == "rwc":
                self._file.execute(
                    "CREATE TABLE IF NOT EXISTS Dict (key BLOB UNIQUE NOT NULL, value BLOB NOT NULL)"
                )
        except sqlite3.Error as reason:
            raise _Error(str(reason)) from None

    def _ask(self, *statement):
        if self._file is None:
            raise _Error("DBM object has already been closed")
        try:
            return self._file.execute(*statement)
        except sqlite3.Error as reason:
            raise _Error(str(reason)) from None

    def __len__(self):
        return self._ask("SELECT count(*) FROM Dict").fetchone()[0]

    def __getitem__(self, key):
        row = self._ask("SELECT value FROM Dict WHERE key = CAST(? AS BLOB)", (_bytes(key),)).fetchone()
        if row is None:
            raise KeyError(key)
        return row[0]

    def __setitem__(self, key, value):
        self._ask("REPLACE INTO Dict VALUES (CAST(? AS BLOB), CAST(? AS BLOB))", (_bytes(key), _bytes(value)))

    def __delitem__(self, key):
        if not self._ask("DELETE FROM Dict WHERE key = CAST(? AS BLOB)", (_bytes(key),)).rowcount:
            raise KeyError(key)

    def __iter__(self):
        return iter([key for (key,) in self._ask("SELECT key FROM Dict ORDER BY rowid")])

    def keys(self):
        return list(self)

    def close(self):
        if self._file is not None:
            self._file.close()
            self._file = None

    def __enter__(self):
        return self

    def __exit__(self, *reason):
        self.close()


def open(file, flag="r", mode=0o666):
    """A mapping of bytes that lies in a file: "r" and "w" need one, "c" makes it where there is none, "n" anew."""
    if flag not in _FLAGS:
        raise ValueError(f"Flag must be one of 'r', 'w', 'c', or 'n', not {flag!r}")
    return _Database(Path(file), flag)


def whichdb(filename):
    try:
        start = Path(filename).read_bytes()[:16]
    except OSError:
        return None
    return "dbm.sqlite3" if start == b"SQLite format 3\0" else ""
