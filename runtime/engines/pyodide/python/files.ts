/** Python: file errors that say what the host said. The files themselves are served below Python, by the interpreter's system calls. */
export const FILES_SOURCE = String.raw`
"""File functions whose errors carry the host's own words: which grant is missing, which limit was met."""
import builtins
import functools
import io
import json
import os
import sys
import weakref
import _io

import _sandglass_host as host

WRAPPED = ("open", "listdir", "mkdir", "rmdir", "remove", "unlink", "rename", "replace", "stat", "lstat", "symlink", "readlink",
           "truncate", "utime", "chdir", "write", "read", "ftruncate", "scandir", "link")


class Explained:
    """Stands for a builtin. An object, not a function: kept in a class, a builtin does not become a method."""

    def __init__(self, function):
        functools.update_wrapper(self, function)
        self.function = function
        self.__text_signature__ = getattr(function, "__text_signature__", None)

    @property
    def __signature__(self):
        import inspect
        return inspect.signature(self.function)

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


def explained(method):
    def wrapper(self, *args):
        try:
            return method(self, *args)
        except OSError as error:
            explain(error)
            raise
    return functools.update_wrapper(wrapper, method)


class File(_io.FileIO):
    """A raw file. What open() gives has one inside, so that reading and writing fail in the host's own words, too."""

    def __reduce_ex__(self, protocol):
        raise TypeError("cannot pickle 'FileIO' instances")


File.__name__ = File.__qualname__ = "FileIO"
File.__module__ = "_io"
for _name in ("read", "readall", "readinto", "write", "seek", "tell", "truncate", "close"):
    setattr(File, _name, explained(getattr(_io.FileIO, _name)))

#: Everything else is an error or a warning, which the plain function words best.
MODES = frozenset(kind + plus + form for kind in "rwxa" for plus in ("", "+") for form in ("", "b", "t")) | {
    kind + form + "+" for kind in "rwxa" for form in "bt"}


#: What open() gave to write to. A program that ends without closing it has not lost what it wrote.
_written = weakref.WeakSet()


def flush_written():
    """What CPython does with open files when its process ends. An error can reach nobody any more."""
    for file in list(_written):
        try:
            if not file.closed:
                file.flush()
        except Exception as error:
            print(f"Exception ignored while closing file {getattr(file, 'name', None)!r}: {type(error).__name__}: {error}", file=sys.stderr)


def opener_of(plain):
    def open(file, mode="r", buffering=-1, encoding=None, errors=None, newline=None, closefd=True, opener=None):
        binary = isinstance(mode, str) and "b" in mode
        ordinary = isinstance(mode, str) and mode in MODES and isinstance(buffering, int) and (
            (encoding, errors, newline) == (None, None, None) and buffering != 1 if binary else buffering != 0)
        if not ordinary:
            result = plain(file, mode, buffering, encoding, errors, newline, closefd, opener)
            if result.writable():
                _written.add(result)
            return result
        if hasattr(type(file), "__fspath__"):
            file = os.fspath(file)  # what the file then says is its name
        raw = result = File(file, mode.replace("b", "").replace("t", ""), closefd, opener)
        try:
            lines = buffering == 1 or (buffering < 0 and raw._isatty_open_only())
            if buffering < 0 or lines:
                buffering = max(min(raw._blksize, 8192 * 1024), io.DEFAULT_BUFFER_SIZE)
            if buffering:
                kind = _io.BufferedRandom if "+" in mode else _io.BufferedReader if "r" in mode else _io.BufferedWriter
                result = kind(raw, buffering)
            if not binary:
                result = _io.TextIOWrapper(result, io.text_encoding(encoding), errors, newline, lines)
                result.mode = mode
            if mode[0] != "r" or "+" in mode:
                _written.add(result)
            return result
        except BaseException:
            result.close()
            raise
    return functools.update_wrapper(open, plain)


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
    opened = Explained(opener_of(_io.open))
    builtins.open = io.open = _io.open = opened
`;
