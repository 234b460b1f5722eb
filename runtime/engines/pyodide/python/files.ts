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


def explained(function):
    @functools.wraps(function)
    def call(*args, **kwargs):
        try:
            return function(*args, **kwargs)
        except OSError as error:
            explain(error)
            raise
    return call


def explain(error):
    text = host.take_refusal()
    if not text:
        return
    refusal = json.loads(text)
    host.remember(error, refusal)
    if refusal["code"] == "HOST_CALL_FAILED":
        return  # Python's own words for a missing file are better known
    message = refusal["message"]
    if refusal.get("hint"):
        message += ". " + refusal["hint"]
    error.strerror = message


def install():
    sets = [getattr(os, name) for name in ("supports_dir_fd", "supports_effective_ids", "supports_fd", "supports_follow_symlinks")]
    for name in WRAPPED:
        plain = getattr(os, name, None)
        if plain is None:
            continue
        wrapped = explained(plain)
        setattr(os, name, wrapped)
        for group in sets:
            if plain in group:
                group.add(wrapped)
    opened = explained(_io.open)
    builtins.open = io.open = _io.open = opened
`;
