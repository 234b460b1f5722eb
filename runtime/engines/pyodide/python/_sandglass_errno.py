"""Error numbers as Linux has them, where people read them. The interpreter's own, which programs compare with, stay what they are."""

import errno
import functools
import gc
import importlib
import opcode
import os
import sys

#: Of asm-generic/errno.h.
LINUX = """
    EPERM 1 ENOENT 2 ESRCH 3 EINTR 4 EIO 5 ENXIO 6 E2BIG 7 ENOEXEC 8 EBADF 9 ECHILD 10 EAGAIN 11 EWOULDBLOCK 11 ENOMEM 12 EACCES 13
    EFAULT 14 ENOTBLK 15 EBUSY 16 EEXIST 17 EXDEV 18 ENODEV 19 ENOTDIR 20 EISDIR 21 EINVAL 22 ENFILE 23 EMFILE 24 ENOTTY 25 ETXTBSY 26
    EFBIG 27 ENOSPC 28 ESPIPE 29 EROFS 30 EMLINK 31 EPIPE 32 EDOM 33 ERANGE 34 EDEADLK 35 EDEADLOCK 35 ENAMETOOLONG 36 ENOLCK 37 ENOSYS 38
    ENOTEMPTY 39 ELOOP 40 ENOMSG 42 EIDRM 43 ECHRNG 44 EL2NSYNC 45 EL3HLT 46 EL3RST 47 ELNRNG 48 EUNATCH 49 ENOCSI 50 EL2HLT 51 EBADE 52
    EBADR 53 EXFULL 54 ENOANO 55 EBADRQC 56 EBADSLT 57 EBFONT 59 ENOSTR 60 ENODATA 61 ETIME 62 ENOSR 63 ENONET 64 ENOPKG 65 EREMOTE 66
    ENOLINK 67 EADV 68 ESRMNT 69 ECOMM 70 EPROTO 71 EMULTIHOP 72 EDOTDOT 73 EBADMSG 74 EOVERFLOW 75 ENOTUNIQ 76 EBADFD 77 EREMCHG 78
    ELIBACC 79 ELIBBAD 80 ELIBSCN 81 ELIBMAX 82 ELIBEXEC 83 EILSEQ 84 ERESTART 85 ESTRPIPE 86 EUSERS 87 ENOTSOCK 88 EDESTADDRREQ 89
    EMSGSIZE 90 EPROTOTYPE 91 ENOPROTOOPT 92 EPROTONOSUPPORT 93 ESOCKTNOSUPPORT 94 ENOTSUP 95 EOPNOTSUPP 95 EPFNOSUPPORT 96 EAFNOSUPPORT 97
    EADDRINUSE 98 EADDRNOTAVAIL 99 ENETDOWN 100 ENETUNREACH 101 ENETRESET 102 ECONNABORTED 103 ECONNRESET 104 ENOBUFS 105 EISCONN 106
    ENOTCONN 107 ESHUTDOWN 108 ETOOMANYREFS 109 ETIMEDOUT 110 ECONNREFUSED 111 EHOSTDOWN 112 EHOSTUNREACH 113 EALREADY 114 EINPROGRESS 115
    ESTALE 116 EUCLEAN 117 ENOTNAM 118 ENAVAIL 119 EISNAM 120 EREMOTEIO 121 EDQUOT 122 ENOMEDIUM 123 EMEDIUMTYPE 124 ECANCELED 125
    ENOKEY 126 EKEYEXPIRED 127 EKEYREVOKED 128 EKEYREJECTED 129 EOWNERDEAD 130 ENOTRECOVERABLE 131 ERFKILL 132 EHWPOISON 133
""".split()


class Shown(int):
    """The number of an error that the interpreter has raised, as Linux has it."""

    def __reduce__(self):
        return int, (int(self),)


class Constant(Shown):
    """One of the names of errno: Linux's number, and equal to the interpreter's, which errors have that nobody has shown yet."""

    def __new__(cls, shown, own):
        number = super().__new__(cls, shown)
        number.own = own
        return number

    def __eq__(self, other):
        return int.__eq__(self, other) or (type(other) is int and other == self.own)

    def __ne__(self, other):
        return not self == other

    __hash__ = int.__hash__


class Large(Constant):
    """EFBIG. Its number of Linux is the interpreter's of an interrupted call, which it would make again: within, it is the interpreter's own."""

    def __new__(cls, shown, own):
        number = int.__new__(cls, own)
        number.shown = shown
        return number

    def __eq__(self, other):
        return type(other) is Large or (type(other) is int and other == self.shown)

    def __hash__(self):
        return hash(self.shown)

    def __int__(self):
        return self.shown

    def __repr__(self):
        return str(self.shown)

    __str__ = __repr__

    def __format__(self, form):
        return format(self.shown, form)


#: By the interpreter's number.
CONSTANTS = {}
#: By Linux's: the interpreter's own.
OWN = {}

#: What Linux says, where the C library of the interpreter says it in other words.
TEXTS = {
    "E2BIG": "Argument list too long",
    "EADDRINUSE": "Address already in use",
    "EADDRNOTAVAIL": "Cannot assign requested address",
    "EAFNOSUPPORT": "Address family not supported by protocol",
    "EBUSY": "Device or resource busy",
    "ECHILD": "No child processes",
    "ECONNABORTED": "Software caused connection abort",
    "EDEADLK": "Resource deadlock avoided",
    "EDOM": "Numerical argument out of domain",
    "EDQUOT": "Disk quota exceeded",
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
    "ENETRESET": "Network dropped connection on reset",
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
        linux = isinstance(other, Shown) or (type(other) is int and is_made_in(sys._getframe(1)))
        return self.side == ("linux" if linux else "own")

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
    if not is_own(error) or error.errno not in CONSTANTS:
        return
    number = CONSTANTS[error.errno]
    number = error.errno = number if type(number) is Large else Shown(number)
    words = WORDS.get(error.strerror)
    if words is not None:
        error.strerror = words
    if len(error.args) > 1:
        error.args = (number, words or error.args[1], *error.args[2:])


class Showing:
    """Stands for a builtin, whose errors are shown so wherever a program catches them. Kept in a class, it does not become a method."""

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
            show(error)
            raise

    def __repr__(self):
        return repr(self.function)


def keep_support(plain, standing):
    """What os says that a function can do, its stand-in can."""
    for group in (os.supports_dir_fd, os.supports_effective_ids, os.supports_fd, os.supports_follow_symlinks):
        if plain in group:
            group.add(standing)


#: Where a type keeps its flags, and what makes an object of it in one go; and the flag that says that it takes no attributes.
FLAGS_AT, VECTORCALL_AT, IMMUTABLE = 84, 200, 1 << 8
#: What arithmetic says of a number that is too large for a float, here and on Linux.
OWN_RANGE, RANGE = (68, "Result not representable"), (34, "Numerical result out of range")


def show_overflow():
    """The interpreter makes the error of 2.0**2000 of its own number and words: as it is made, it takes Linux's."""
    import ctypes

    kind, plain = OverflowError, OverflowError.__init__

    @functools.wraps(plain)
    def init(self, /, *args, **kwargs):
        plain(self, *(RANGE if args == OWN_RANGE else args), **kwargs)

    flags, makes = (ctypes.c_ulong.from_address(id(kind) + at) for at in (FLAGS_AT, VECTORCALL_AT))
    names = [found for found in gc.get_referents(kind.__dict__) if type(found) is dict]
    if flags.value != kind.__flags__ or len(names) != 1:
        return  # types are laid out in another way
    names[0]["__init__"] = init
    flags.value &= ~IMMUTABLE
    kind.__init__ = init
    flags.value |= IMMUTABLE
    makes.value = 0


#: Functions of the interpreter that raise errors of the system, by module. Those of files with words of the host do so for themselves.
SHOWING = {
    "os": """
        chmod chown chroot close dup dup2 fchdir fchmod fchown fdatasync fpathconf fstat fstatvfs fsync ftruncate get_blocking get_inheritable
        get_terminal_size getpgid getpriority getsid getxattr lchmod lchown link lockf lseek mkfifo pathconf pipe posix_fadvise pread pwrite
        readv sendfile set_blocking set_inheritable setgid setpgid setsid setuid statvfs tcgetpgrp tcsetpgrp ttyname writev
    """,
    "time": "clock_getres clock_gettime clock_gettime_ns clock_settime",
    "fcntl": "fcntl flock ioctl lockf",
    "select": "select",
    "termios": "tcdrain tcflow tcflush tcgetattr tcsendbreak tcsetattr",
}


def is_own(error):
    """Whether the number of an error is the interpreter's: a program that makes one itself counts as Linux does."""
    return type(error.errno) is int and error.strerror == plain_text(error.errno)


def install():
    """The names of errno are equal to what they were."""
    global plain_text
    plain_text = os.strerror
    for name, shown in zip(LINUX[::2], map(int, LINUX[1::2]), strict=True):
        own = getattr(errno, name, None)
        if own is None:
            continue
        number = CONSTANTS.setdefault(own, (Large if name == "EFBIG" else Constant)(shown, own))
        OWN[shown] = own
        if name in TEXTS:
            WORDS[plain_text(own)] = TEXTS[name]
        for module in list(sys.modules.values()):  # the names of errno, wherever they were imported to
            if type(getattr(module, "__dict__", {}).get(name)) is int:
                setattr(module, name, number)
    os.strerror = strerror
    errno.errorcode = {
        int(shown): name
        for name, shown in zip(LINUX[::2], LINUX[1::2], strict=True)
        if name not in ("EOPNOTSUPP", "EWOULDBLOCK", "EDEADLK")
    }
    for module, names in SHOWING.items():
        module = importlib.import_module(module)
        for name in names.split():
            plain = getattr(module, name, None)
            if plain is not None:
                setattr(module, name, Showing(plain))
                keep_support(plain, getattr(module, name))
    count_as_linux()
    show_overflow()


def count_as_linux():
    """OSError(2, ...) of a program is a FileNotFoundError, as its writer expects."""
    exists = errno.EEXIST.own
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
    """What an error number says, of Linux's."""
    own = OWN.get(code)
    if own is None:
        return "Success" if code == 0 else f"Unknown error {code}"
    text = plain_text(own)
    return WORDS.get(text, text)
