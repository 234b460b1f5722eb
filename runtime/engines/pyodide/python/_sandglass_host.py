"""Calls to the host. A refusal becomes the exception that Python people expect, with the host's own words."""

import errno
import json

#: Bound here: a program may put other functions in the place of the module's.
ENCODE = json.JSONEncoder().encode
DECODE = json.JSONDecoder().decode

_host = None
_to_js = None


class _Refused:
    """On an exception: which refusal it was made of. Kept there and nowhere else, so that nothing of a handled one stays alive."""

    __slots__ = ("number", "run")

    def __init__(self, number):
        self.number = number
        self.run = _run


_MARK = "_sandglass_refused"
#: Stands for the run: numbers of refusals mean nothing in another.
_run = object()


def attach(host):
    global _host, _to_js
    from pyodide.ffi import to_js

    _host = host
    _to_js = to_js


def report(text):
    """How the program has ended, as JSON text."""
    _host.report(text)


def zone_table(key):
    """What the time zone database has of a zone, a character a byte; an empty text for none. Without a key: the names, a line each."""
    return _host.zone(key)


def move_to(zone):
    """From now on local time is that of another zone."""
    _host.move_to(zone)


class HostCallError(OSError):
    """A host call that was allowed and failed, or that could not be made."""


_REASONS = {
    "not-found": "ENOENT",
    "exists": "EEXIST",
    "not-directory": "ENOTDIR",
    "is-directory": "EISDIR",
    "not-empty": "ENOTEMPTY",
    "not-permitted": "EACCES",
    "too-large": "EFBIG",
    "too-many-open": "EMFILE",
    "no-space": "ENOSPC",
    "bad-handle": "EBADF",
    "invalid": "EINVAL",
    "loop": "ELOOP",
    "name-too-long": "ENAMETOOLONG",
    "cross-device": "EXDEV",
    "unsupported": "ENOTSUP",
    "timeout": "ETIMEDOUT",
    "connect": "ECONNREFUSED",
}


def remember(error, refusal):
    error.__dict__[_MARK] = _Refused(refusal["id"])
    return error


def stand_for(made, error):
    """An exception of a library's own kind for one that a refusal was made into: let through, it ends the run as that one would."""
    mark = error.__dict__.get(_MARK)
    if type(mark) is _Refused:
        made.__dict__[_MARK] = mark
    return made


def forget_refusals():
    """A new run: what an exception of an earlier one was made of is nothing to it."""
    global _run
    _run = object()


def take_refusal():
    """The refusal behind the last failed system call, as JSON text."""
    return _host.refusal() if _host is not None else ""


def refusal_id(error):
    """The number of the refusal behind an exception. Whatever a guest writes there, only refusals that this run was given count."""
    try:
        mark = error.__dict__.get(_MARK)
    except Exception:
        return None  # a class of the guest's own may have anything for __dict__
    return mark.number if type(mark) is _Refused and mark.run is _run else None


def refusal_error(refusal):
    """The exception for a refusal of the gate."""
    message = refusal["message"]
    if refusal.get("hint"):
        message += ". " + refusal["hint"]
    code = refusal["code"]
    if code == "CAPABILITY_DENIED":
        return remember(PermissionError(errno.EACCES, message), refusal)
    reason = (refusal.get("details") or {}).get("reason")
    if code == "HOST_CALL_FAILED" and reason in _REASONS:
        return remember(OSError(getattr(errno, _REASONS[reason]), message), refusal)
    if code == "INPUT_INVALID":
        return remember(ValueError(message), refusal)
    return remember(HostCallError(errno.EIO, message), refusal)


def _read(text, number, failed):
    answer = DECODE(text)
    if "refusal" in answer:
        raise failed(answer["refusal"])
    size = answer["bytes"]
    data = None if size < 0 else _host.take(number, size).to_bytes()
    return answer["value"], data


def call(operation, args, body=None, failed=refusal_error):
    """Asks the host and waits. Answers (value, bytes or None); raises what failed makes of a refusal."""
    if body is None:
        text = _host.call(operation, ENCODE(args))
    else:
        text = _host.call(operation, ENCODE(args), _to_js(bytes(body)))
    return _read(text, 0, failed)


async def call_async(operation, args, body=None, failed=refusal_error):
    """The same without blocking other tasks."""
    if body is None:
        pending = _host.call_later(operation, ENCODE(args))
    else:
        pending = _host.call_later(operation, ENCODE(args), _to_js(bytes(body)))
    text = await pending
    number, _, rest = text.partition(":")
    return _read(rest, int(number), failed)


def sleep(seconds):
    _host.sleep(seconds * 1000)
