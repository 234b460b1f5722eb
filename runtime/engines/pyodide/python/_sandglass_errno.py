"""Error numbers as Linux has them, where people read them. The interpreter's own, which programs compare with, stay what they are."""

import errno
import functools
import gc
import opcode
import os
import sys

#: Of asm-generic/errno.h.
LINUX = """
    EPERM 1 ENOENT 2 ESRCH 3 EINTR 4 EIO 5 ENXIO 6 E2BIG 7 ENOEXEC 8 EBADF 9 ECHILD 10 EAGAIN 11 ENOMEM 12 EACCES 13 EFAULT 14 ENOTBLK 15
    EBUSY 16 EEXIST 17 EXDEV 18 ENODEV 19 ENOTDIR 20 EISDIR 21 EINVAL 22 ENFILE 23 EMFILE 24 ENOTTY 25 ETXTBSY 26 EFBIG 27 ENOSPC 28
    ESPIPE 29 EROFS 30 EMLINK 31 EPIPE 32 EDOM 33 ERANGE 34 EDEADLK 35 ENAMETOOLONG 36 ENOLCK 37 ENOSYS 38 ENOTEMPTY 39 ELOOP 40
    ENOTSOCK 88 EMSGSIZE 90 EPROTO 71 EOVERFLOW 75 EILSEQ 84 EOPNOTSUPP 95 EAFNOSUPPORT 97 EADDRINUSE 98 EADDRNOTAVAIL 99 ENETDOWN 100
    ENETUNREACH 101 ECONNABORTED 103 ECONNRESET 104 ENOBUFS 105 EISCONN 106 ENOTCONN 107 ETIMEDOUT 110 ECONNREFUSED 111 EHOSTUNREACH 113
    EALREADY 114 EINPROGRESS 115 ESTALE 116 EDQUOT 122 ECANCELED 125 ENOTSUP 95
""".split()


class Number(int):
    """The interpreter's number, shown as Linux's."""

    def __new__(cls, own, shown):
        number = super().__new__(cls, own)
        number.shown = shown
        return number

    def __eq__(self, other):
        if type(other) is int:  # programs know the numbers of Linux by heart
            return other == self.shown or int(self) == other
        return int.__eq__(self, other)

    def __ne__(self, other):
        return not self == other

    __hash__ = int.__hash__

    def __repr__(self):
        return str(self.shown)

    __str__ = __repr__

    def __format__(self, form):
        return format(self.shown, form)

    def __reduce__(self):
        return int, (int(self),)


#: By the interpreter's number.
NUMBERS = {}
#: By Linux's: the interpreter's own.
OWN = {}

#: What Linux says, where the C library of the interpreter says it in other words.
TEXTS = {
    "E2BIG": "Argument list too long",
    "EADDRNOTAVAIL": "Cannot assign requested address",
    "EAFNOSUPPORT": "Address family not supported by protocol",
    "EBUSY": "Device or resource busy",
    "ECHILD": "No child processes",
    "ECONNABORTED": "Software caused connection abort",
    "EDOM": "Numerical argument out of domain",
    "EHOSTUNREACH": "No route to host",
    "EILSEQ": "Invalid or incomplete multibyte or wide character",
    "EINPROGRESS": "Operation now in progress",
    "EIO": "Input/output error",
    "EISCONN": "Transport endpoint is already connected",
    "ELOOP": "Too many levels of symbolic links",
    "EMFILE": "Too many open files",
    "EMSGSIZE": "Message too long",
    "ENAMETOOLONG": "File name too long",
    "ENETUNREACH": "Network is unreachable",
    "ENFILE": "Too many open files in system",
    "ENOBUFS": "No buffer space available",
    "ENOMEM": "Cannot allocate memory",
    "ENOTCONN": "Transport endpoint is not connected",
    "ENOTSOCK": "Socket operation on non-socket",
    "ENOTSUP": "Operation not supported",
    "ENOTTY": "Inappropriate ioctl for device",
    "EOVERFLOW": "Value too large for defined data type",
    "ERANGE": "Numerical result out of range",
    "ESPIPE": "Illegal seek",
    "ETIMEDOUT": "Connection timed out",
    "EXDEV": "Invalid cross-device link",
}
#: What the C library says, and what Linux does.
WORDS = {}

#: The classes that Linux's numbers stand for.
CLASSES = {
    BlockingIOError: "EAGAIN EALREADY EINPROGRESS",
    BrokenPipeError: "EPIPE",
    ChildProcessError: "ECHILD",
    ConnectionAbortedError: "ECONNABORTED",
    ConnectionRefusedError: "ECONNREFUSED",
    ConnectionResetError: "ECONNRESET",
    FileExistsError: "EEXIST",
    FileNotFoundError: "ENOENT",
    InterruptedError: "EINTR",
    IsADirectoryError: "EISDIR",
    NotADirectoryError: "ENOTDIR",
    PermissionError: "EACCES EPERM",
    ProcessLookupError: "ESRCH",
    TimeoutError: "ETIMEDOUT",
}


class Key(int):
    """A number in the interpreter's table of classes. It stands for one only if whoever makes the error counts as its side does."""

    def __new__(cls, number, side):
        key = super().__new__(cls, number)
        key.side = side
        return key

    def __eq__(self, other):
        if type(other) is Key or not int.__eq__(self, other):
            return self is other
        return self.side == ("linux" if type(other) is int and is_made_in(sys._getframe(1)) else "own")

    __hash__ = int.__hash__


#: How code reads a global name, and by how much the number of the name is shifted there.
LOADS = {opcode.opmap["LOAD_GLOBAL"]: 1, opcode.opmap["LOAD_NAME"]: 0}
MAKERS = ("OSError", "IOError", "EnvironmentError")


def is_made_in(frame):
    """Whether the call under way in a frame says OSError(...). What the interpreter raises by itself is made in a call of another name."""
    code = frame.f_code
    places = list(code.co_positions())
    at = frame.f_lasti // 2
    if not 0 <= at < len(places):
        return False
    line, _, column, _ = places[at]
    text = code.co_code
    for step in range(at - 1, -1, -1):
        shift = LOADS.get(text[2 * step])
        if shift is not None and places[step][0] == line and places[step][2] == column:
            name = text[2 * step + 1] >> shift
            before = step - 1
            if before >= 0 and text[2 * before] == opcode.EXTENDED_ARG:
                name = (text[2 * before + 1] << 8 | text[2 * step + 1]) >> shift
            return code.co_names[name] in MAKERS if name < len(code.co_names) else False
    return False


def show(error):
    """Has an OSError that the interpreter made show its number and its words as Linux's."""
    number = NUMBERS.get(error.errno)
    if number is None or error.errno is number:
        return
    error.errno = number
    words = WORDS.get(error.strerror)
    if words is not None:
        error.strerror = words
    if len(error.args) > 1:
        error.args = (number, words or error.args[1], *error.args[2:])


def showing(plain):
    """A function of the interpreter, whose errors are shown so wherever a program catches them."""

    @functools.wraps(plain)
    def call(*args, **kwargs):
        try:
            return plain(*args, **kwargs)
        except OSError as error:
            show(error)
            raise

    return call


#: Functions of files that are open, of the file system and of terminals. Those that take paths do so for themselves.
OF_HANDLES = """
    close dup dup2 fchmod fchown fdatasync fpathconf fstat fstatvfs fsync ftruncate get_blocking get_inheritable get_terminal_size lseek openpty
    pread pwrite readv set_blocking set_inheritable setgid setuid statvfs tcgetpgrp tcsetpgrp ttyname writev
""".split()

#: What arithmetic says of a number that is too large for a float, here and on Linux.
OWN_RANGE, RANGE = (68, "Result not representable"), (34, "Numerical result out of range")


def is_own(error):
    """Whether the number of an error is the interpreter's: a program that makes one itself counts as Linux does."""
    return type(error.errno) is int and error.strerror == plain_text(error.errno)


class Codes(dict):
    """errno.errorcode: names by Linux's numbers, and by those that the interpreter raises."""

    def __getitem__(self, code):
        return super().__getitem__(getattr(code, "shown", code))

    def get(self, code, default=None):
        return super().get(getattr(code, "shown", code), default)


def install():
    """The constants of errno are equal to what they were."""
    global plain_text
    plain_text = os.strerror
    for name, shown in zip(LINUX[::2], map(int, LINUX[1::2]), strict=True):
        own = getattr(errno, name, None)
        if own is None:
            continue
        number = NUMBERS.setdefault(int(own), Number(own, shown))
        OWN[shown] = number
        if name in TEXTS:
            WORDS[plain_text(int(own))] = TEXTS[name]
        setattr(errno, name, number)
    os.strerror = strerror
    for name in OF_HANDLES:
        if hasattr(os, name):
            setattr(os, name, showing(getattr(os, name)))
    names = {
        int(shown): name for name, shown in zip(LINUX[::2], LINUX[1::2], strict=True) if name != "ENOTSUP"
    }
    errno.errorcode = Codes(sorted(names.items()))
    count_as_linux()


def count_as_linux():
    """OSError(2, ...) of a program is a FileNotFoundError, as its writer expects."""
    exists = int(errno.EEXIST)
    tables = [
        found for found in gc.get_objects() if type(found) is dict and found.get(exists) is FileExistsError
    ]
    if len(tables) != 1:
        return
    table = tables[0]
    shown = dict(zip(LINUX[::2], map(int, LINUX[1::2]), strict=True))
    wanted = {shown[name]: kind for kind, names in CLASSES.items() for name in names.split()}
    own = dict(table)
    for number, kind in own.items():
        if number in wanted or number in OWN:
            del table[number]
            table[Key(number, "own")] = kind
    for number, kind in wanted.items():
        table[Key(number, "linux")] = kind


def strerror(code, /):
    """What an error number says, of the interpreter's or of Linux's."""
    number = code if type(code) is Number else OWN.get(code)
    text = plain_text(int(code) if number is None else int(number))
    return WORDS.get(text, text)
