/** Python: file errors that say what the host said. The files themselves are served below Python, by the interpreter's system calls. */
export const FILES_SOURCE = String.raw`
"""File functions whose errors carry the host's own words: which grant is missing, which limit was met."""
import builtins
import functools
import io
import json
import os
import _io

import _sandglass_host as host

WRAPPED = ("open", "listdir", "mkdir", "rmdir", "remove", "unlink", "rename", "replace", "stat", "lstat", "symlink", "readlink",
           "truncate", "utime", "chdir", "write", "read", "ftruncate", "scandir", "link")


class Explained:
    """Stands for a builtin. An object, not a function: kept in a class, a builtin does not become a method."""

    def __init__(self, function):
        functools.update_wrapper(self, function)
        self.function = function

    def __call__(self, *args, **kwargs):
        try:
            return self.function(*args, **kwargs)
        except OSError as error:
            explain(error)
            raise

    def __repr__(self):
        return repr(self.function)


class NotGranted(PermissionError, FileNotFoundError):
    """A path that no grant covers is denied, and for all that the guest can see it is not there."""


NotGranted.__name__ = NotGranted.__qualname__ = "PermissionError"
NotGranted.__module__ = "builtins"


def explain(error):
    """Gives an exception the host's own words, if a refusal stands behind it."""
    text = host.take_refusal()
    if not text:
        return
    refusal = json.loads(text)
    if refusal["code"] == "HOST_CALL_FAILED":
        host.remember(error, refusal)  # Python's own words for a missing file are better known
        return
    message = refusal["message"]
    if refusal.get("hint"):
        message += ". " + refusal["hint"]
    if type(error) is PermissionError and (refusal.get("details") or {}).get("capability") == "fs.read":
        raise host.remember(NotGranted(error.errno, message, error.filename, None, error.filename2), refusal) from None
    error.strerror = message
    host.remember(error, refusal)


def install():
    sets = [getattr(os, name) for name in ("supports_dir_fd", "supports_effective_ids", "supports_fd", "supports_follow_symlinks")]
    for name in WRAPPED:
        plain = getattr(os, name, None)
        if plain is None:
            continue
        wrapped = Explained(plain)
        setattr(os, name, wrapped)
        for group in sets:
            if plain in group:
                group.add(wrapped)
    opened = Explained(_io.open)
    builtins.open = io.open = _io.open = opened
`;
