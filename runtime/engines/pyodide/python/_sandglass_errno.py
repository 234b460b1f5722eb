"""Error numbers as Linux has them, where people read them. The interpreter's own, which programs compare with, stay what they are."""

import errno
import os

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


def show(error):
    """Has an OSError show its number as Linux's."""
    number = NUMBERS.get(error.errno)
    if number is not None and error.errno is not number:
        error.errno = number
        if len(error.args) > 1:
            error.args = (number, *error.args[1:])


def install():
    """The constants of errno are equal to what they were."""
    for name, shown in zip(LINUX[::2], map(int, LINUX[1::2]), strict=True):
        own = getattr(errno, name, None)
        if own is not None:
            number = NUMBERS.setdefault(int(own), Number(own, shown))
            setattr(errno, name, number)
    os.strerror = strerror_of(os.strerror)


def strerror_of(plain):
    def strerror(code, /):
        return plain(int(code))

    return strerror
