"""File functions whose errors carry the host's own words: which grant is missing, which limit was met."""

import _io
import builtins
import functools
import io
import json
import mmap
import os
import sys
import weakref

import _sandglass_errno as numbers
import _sandglass_host as host

WRAPPED = (
    "open",
    "listdir",
    "mkdir",
    "rmdir",
    "remove",
    "unlink",
    "rename",
    "replace",
    "stat",
    "lstat",
    "symlink",
    "readlink",
    "truncate",
    "utime",
    "chdir",
    "write",
    "read",
    "ftruncate",
    "scandir",
    "link",
)


class Explained(numbers.Showing):
    def __call__(self, *args, **kwargs):
        try:
            return self.function(*args, **kwargs)
        except OSError as error:
            numbers.show(error)
            explain(error)
            raise


#: Functions of os.path that answer something for a path that is not there: what they ask for is nobody's mistake.
ASKING = frozenset(("exists", "lexists", "isfile", "isdir", "islink", "ismount", "realpath", "_realpath"))


class Looked(Explained):
    """Stands for stat and lstat: for a path outside of all grants, the system calls have nothing to tell."""

    def __call__(self, *args, **kwargs):
        try:
            return self.function(*args, **kwargs)
        except OSError as error:
            numbers.show(error)
            if not explain(error) and type(error) is FileNotFoundError:
                caller = sys._getframe(1)
                if not (
                    caller.f_globals.get("__name__") in ("genericpath", "posixpath")
                    and caller.f_code.co_name in ASKING
                ):
                    explain_absence(error)
            raise


class NotGranted(PermissionError, FileNotFoundError):
    """A path that no grant covers is denied, and for all that the guest can see it is not there."""


NotGranted.__name__ = NotGranted.__qualname__ = "PermissionError"
NotGranted.__module__ = "builtins"


def explain(error):
    """Gives an exception the host's own words, if a refusal stands behind it; answers whether one does."""
    text = host.take_refusal()
    if not text:
        return False
    refusal = json.loads(text)
    if refusal["code"] == "HOST_CALL_FAILED":
        host.remember(error, refusal)  # Python's own words for a missing file are better known
        return True
    message = refusal["message"]
    if refusal.get("hint"):
        message += ". " + refusal["hint"]
    if type(error) is PermissionError and (refusal.get("details") or {}).get("capability") == "fs.read":
        raise host.remember(
            NotGranted(error.errno, message, error.filename, None, error.filename2), refusal
        ) from None
    error.strerror = message
    host.remember(error, refusal)
    return True


#: Folders in memory: what is not there is not for a grant to bring.
IN_MEMORY = ("/tmp/", "/lib/", "/dev/", "/proc/", "/home/")


def explain_absence(error):
    """Has the host say which grant would cover a path, where it is none of a grant that is missing."""
    if not isinstance(error.filename, (str, bytes)):
        return
    path = os.path.normpath(os.path.join(os.getcwd(), os.fsdecode(error.filename)))
    if path.startswith(IN_MEMORY):
        return
    try:
        host.call("fs.stat", {"path": path})
    except PermissionError as refused:
        raise host.stand_for(NotGranted(refused.errno, refused.strerror, error.filename), refused) from None
    except OSError:
        pass  # the host has nothing to add


def explained(method):
    def wrapper(self, *args):
        try:
            return method(self, *args)
        except OSError as error:
            numbers.show(error)
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
    kind + form + "+" for kind in "rwxa" for form in "bt"
}


#: What open() gave to write to, and what mmap made of it. A program that ends without closing it has not lost what it wrote.
_written = weakref.WeakSet()


def flush_written():
    """What CPython does with open files when its process ends. An error can reach nobody any more."""
    for file in list(_written):
        try:
            if not file.closed:
                file.flush()
        except Exception as error:
            _written.discard(file)  # told once: a kept guest has more runs
            print(
                f"Exception ignored while closing file {getattr(file, 'name', None)!r}: {type(error).__name__}: {error}",
                file=sys.stderr,
            )


def opener_of(plain):
    def open(
        file, mode="r", buffering=-1, encoding=None, errors=None, newline=None, closefd=True, opener=None
    ):
        binary = isinstance(mode, str) and "b" in mode
        ordinary = (
            isinstance(mode, str)
            and mode in MODES
            and isinstance(buffering, int)
            and (
                (encoding, errors, newline) == (None, None, None) and buffering != 1
                if binary
                else buffering != 0
            )
        )
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
                kind = (
                    _io.BufferedRandom
                    if "+" in mode
                    else _io.BufferedReader
                    if "r" in mode
                    else _io.BufferedWriter
                )
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


class Mapped(mmap.mmap):
    """mmap.mmap, whose part of a file is written back when it is flushed, closed or dropped, whatever became of the file it was made of."""

    _own = -1

    def __new__(cls, fileno, length, *args, **kwargs):
        own = os.dup(fileno) if isinstance(fileno, int) and fileno != -1 else -1
        try:
            made = super().__new__(cls, fileno if own == -1 else own, length, *args, **kwargs)
        except BaseException:
            if own != -1:
                os.close(own)
            raise
        made._own = own
        _written.add(made)
        return made

    def close(self):
        super().close()
        own, self._own = self._own, -1
        if own != -1:
            os.close(own)

    def __exit__(self, *error):
        self.close()

    def __del__(self):
        if self._own != -1:
            try:
                self.close()
            except OSError:
                pass  # its file was closed with an earlier run's grant, and all was written then


Mapped.__name__ = Mapped.__qualname__ = "mmap"
Mapped.__module__ = "mmap"


def install():
    mmap.mmap = Mapped
    for name in WRAPPED:
        plain = getattr(os, name, None)
        if plain is None:
            continue
        wrapped = (Looked if name in ("stat", "lstat") else Explained)(plain)
        setattr(os, name, wrapped)
        numbers.keep_support(plain, wrapped)
    opened = Explained(opener_of(_io.open))
    builtins.open = io.open = _io.open = opened
