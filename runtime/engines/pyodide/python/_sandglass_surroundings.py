"""Sentences for what is not there. This is courtesy: the boundary is the wasm and the realm around it."""

import errno
import functools
import inspect
import io
import locale
import os
import re
import signal
import socket
import subprocess
import sys
import time
import traceback

import _sandglass_host as host
import _sandglass_processes as processes
import _sandglass_threads as threads
import pyodide.webloop

NO_JAVASCRIPT = "guests have no JavaScript"
NO_PROCESS = "guests cannot start processes"
NO_COMMAND = f"{NO_PROCESS}; what a command does is done in Python, by shutil, pathlib, zipfile and the like"
NO_SIGNAL = "guests have no signals; limits.timeoutMs ends a run, asyncio.timeout() a part of it"
NO_SOCKET = "guests have no sockets; use urllib.request, requests or httpx under an http grant"
NO_SERVER = "guests have no sockets, so nobody could reach a server; call what it would serve as functions, or by the test client of its framework"
NO_NATIVE = "guests have no native libraries; a package of Python that does the same comes with --with=NAME"
NO_PACKAGES = "packages are brought before the run: --with=NAME, in a program the option packages of the run"

#: The deepest recursion of Python functions that can be asked for: its frames, and the traceback that goes through them, fit the default limits.
MOST_RECURSION = 1_000_000

JAVASCRIPT_MODULES = ("js", "pyodide_js")

NO_TERMINAL = "guests have no terminal and no screen"
NO_USERS = "guests have no users"
#: Modules of other Pythons, and packages that cannot work here, with what stands in the way.
NO_MODULE = {
    "_multiprocessing": processes.NO_PROCESSES,
    "_posixshmem": processes.NO_PROCESSES,
    "_posixsubprocess": NO_PROCESS,
    "_interpreters": processes.NO_INTERPRETERS,
    "curses": NO_TERMINAL,
    "_curses": NO_TERMINAL,
    "readline": NO_TERMINAL,
    "tkinter": NO_TERMINAL,
    "_tkinter": NO_TERMINAL,
    "turtle": NO_TERMINAL,
    "idlelib": NO_TERMINAL,
    "pwd": NO_USERS,
    "grp": NO_USERS,
    "resource": "the limits are those of the run; time.process_time and tracemalloc tell what a program uses",
    "syslog": "use logging",
    "ensurepip": NO_PACKAGES,
    "pip": NO_PACKAGES,
    "micropip": NO_PACKAGES,
    "venv": "each run has a Python of its own",
    "aiohttp": "it needs sockets; use httpx.AsyncClient",
    "websockets": "guests have no sockets",
    "paramiko": "guests have no sockets",
    "psycopg2": "guests have no sockets",
    "pymysql": "guests have no sockets",
    "redis": "guests have no sockets",
    "selenium": NO_PROCESS,
    "playwright": NO_PROCESS,
}


class Absent:
    """Refuses the imports of modules that would reach the engine."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        if name.partition(".")[0] in JAVASCRIPT_MODULES:
            raise ImportError(f"Cannot import {name}: {NO_JAVASCRIPT}", name=name)


class Missing:
    """Says of modules that nobody has found why there is no use in looking for them."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        reason = NO_MODULE.get(name)
        if reason is not None:
            raise ModuleNotFoundError(f"No module named {name!r}: {reason}", name=name)


def refuse(action, reason, kind=OSError):
    def refused(*args, **kwargs):
        message = f"Cannot {action}: {reason}"
        raise kind(errno.ENOTSUP, message) if issubclass(kind, OSError) else kind(message)

    return refused


def refuse_process(self, args, *more, **kwargs):
    words = (
        args.split()
        if isinstance(args, str)
        else [str(word) for word in args]
        if isinstance(args, (list, tuple))
        else []
    )
    about = NO_COMMAND
    if any(word.endswith(("pip", "pip3", "conda")) for word in words[:3]):
        about = f"{NO_PROCESS}; {NO_PACKAGES}"
    raise FileNotFoundError(errno.ENOENT, f"Cannot start a process: {about}")


def refuse_later(loop, factory, *args, **kwargs):
    refuse_process(loop, [word for arg in args for word in os.fsdecode(arg).split()])


def kill(pid, number, /):
    """A program may send signals to itself."""
    if pid not in (0, os.getpid()):
        refuse("call os.kill", "a guest has no process but its own")()
    if number:
        signal.raise_signal(number)


def no_children(*args, **kwargs):
    raise ChildProcessError(errno.ECHILD, os.strerror(errno.ECHILD))


_zone = ""


def set_zone(name):
    """What `time` tells of the zone that the environment names: local times have it already."""
    global _zone
    if name == _zone:
        return
    _zone = name
    year = time.gmtime().tm_year
    january, july = (time.localtime(time.mktime((year, month, 1, 0, 0, 0, 0, 0, -1))) for month in (1, 7))
    winter, summer = sorted((january, july), key=lambda local: local.tm_gmtoff)
    time.timezone, time.altzone = -winter.tm_gmtoff, -summer.tm_gmtoff
    time.daylight = int(winter.tm_gmtoff != summer.tm_gmtoff)
    time.tzname = (winter.tm_zone, summer.tm_zone)


def tzset():
    """time.tzset: local time is that of the zone that the environment names now."""
    zone = os.environ.get("TZ", "")
    host.move_to(zone)
    set_zone(zone)


_stop_here = sys.breakpointhook


def refuse_breakpoint(*args, **kwargs):
    """Stands for the debugger where there is nothing that it could read."""
    if os.environ.get("PYTHONBREAKPOINT"):
        return _stop_here(*args, **kwargs)
    raise RuntimeError(
        "Cannot stop at a breakpoint: the debugger reads its commands from stdin, and nothing was given"
    )


def set_debugger(has_stdin):
    """The debugger itself takes the frame that calls it for the program's: it stands there as it is, or not at all."""
    if sys.breakpointhook in (_stop_here, refuse_breakpoint):
        sys.breakpointhook = _stop_here if has_stdin else refuse_breakpoint


class Builtin:
    """Stands for a builtin of time; an object, so that a class that keeps it does not make a method of it."""

    def __init__(self, function):
        functools.update_wrapper(self, function)

    def __call__(self, *args):
        return self.__wrapped__(*args)


def sleep(seconds, /):
    if not hasattr(seconds, "__index__") and not hasattr(seconds, "__float__"):
        raise TypeError(f"'{type(seconds).__name__}' object cannot be interpreted as an integer")
    seconds = float(seconds)
    if seconds != seconds:
        raise ValueError("Invalid value NaN (not a number)")
    if seconds < 0:
        raise ValueError("sleep length must be non-negative")
    threads.sleep(seconds)


_strftime = time.strftime
#: What the C library of the interpreter knows of a time. For anything else it answers nothing at all.
KNOWN = re.compile(r"(?:[^%]|%[-_0]?[EO]?[aAbBcCdDeFgGhHIjmMnprRsStTuUVwWxXyYzZ%])*")
DIRECTIVE = re.compile(r"%([-_0^#]*)([0-9]*)[EO]?(.?)", re.DOTALL)
#: What Linux has besides, by what it is made of.
BESIDES = {"k": "%_H", "l": "%_I", "P": "%p"}


def strftime(form, *when):
    """time.strftime, and so that of datetime, with all that Linux knows; what nobody knows stays as it is."""
    if not isinstance(form, str) or KNOWN.fullmatch(form):
        return _strftime(form, *when)

    def shown(match):
        flags, width, name = match.groups()
        plain = BESIDES.get(name) or f"%{flags.strip('^#')}{name}"
        if not name or not KNOWN.fullmatch(plain):
            return match[0]
        text = _strftime(plain, *when)
        if name == "P" or ("#" in flags and name == "p"):
            text = text.lower()
        elif "^" in flags or ("#" in flags and name in "aAbBh"):
            text = text.upper()
        return text.rjust(int(width[:3] or 0), "0" if text.isdigit() and "_" not in flags else " ")

    return DIRECTIVE.sub(shown, form)


def install_zones():
    """Time zones come from the package tzdata; where a program has none, from the host."""
    import zoneinfo
    import zoneinfo._common as zones
    import zoneinfo._tzpath as paths

    load, available = zones.load_tzdata, paths.available_timezones

    def load_tzdata(key):
        try:
            return load(key)
        except zones.ZoneInfoNotFoundError:
            table = "" if "tzdata" in sys.modules else host.zone_table(key)
        if not table:
            raise zones.ZoneInfoNotFoundError(f"No time zone found with key {key}")
        return io.BytesIO(table.encode("latin-1"))

    def available_timezones():
        return available() or {*host.zone_table("").split("\n")}

    zones.load_tzdata = functools.wraps(load)(load_tzdata)
    named = functools.wraps(available)(available_timezones)
    paths.available_timezones = zoneinfo.available_timezones = named


#: What calls a program, or its threads, in their names of files.
CALLERS = ("<_sandglass>", "<_sandglass_threads>")


def hide_callers():
    """A program sees no frames below its own."""
    plain = inspect.getouterframes

    def frames(frame):
        while frame is not None and frame.f_code.co_filename not in CALLERS:
            yield frame, frame.f_lineno
            frame = frame.f_back

    def walk_stack(f):
        return frames(sys._getframe(1) if f is None else f)

    def getouterframes(frame, context=1):
        own = sum(1 for _ in frames(frame))
        return plain(frame, context)[:own]

    traceback.walk_stack = functools.wraps(traceback.walk_stack)(walk_stack)
    inspect.getouterframes = functools.wraps(plain)(getouterframes)


def limit_recursion():
    """A limit beyond all memory is one of what there is: then a RecursionError ends the recursion, not a limit of the run."""
    plain = sys.setrecursionlimit

    def setrecursionlimit(limit, /):
        plain(min(limit, MOST_RECURSION) if isinstance(limit, int) else limit)

    sys.setrecursionlimit = setrecursionlimit


class NoLibraries:
    """ctypes.cdll and the like."""

    LoadLibrary = staticmethod(refuse("load a native library", NO_NATIVE))

    def __getattr__(self, name):
        raise AttributeError(f"Cannot load a native library: {NO_NATIVE}", name=name, obj=self)


def set_posix(name, function):
    posix = sys.modules["posix"]
    setattr(os, name, function)
    if hasattr(posix, name):
        setattr(posix, name, function)


#: What the C library of the interpreter has of locales.
LOCALES = ("", "C", "POSIX", "C.UTF-8", "C.utf8")


def limit_locales():
    """It takes any name for one of its own, and then formats as C does."""
    plain = locale._setlocale

    def setlocale(category, name=None, /):
        if name is not None and any(part.rpartition("=")[2] not in LOCALES for part in name.split(";")):
            raise locale.Error("unsupported locale setting")
        return plain(category, name)

    locale._setlocale = functools.wraps(plain)(setlocale)


def install():
    """Before the snapshot: nothing here holds an object of the realm."""
    time.sleep, time.strftime = Builtin(sleep), Builtin(strftime)
    time.tzset = tzset
    time.thread_time, time.thread_time_ns = time.process_time, time.process_time_ns
    install_zones()
    hide_callers()
    limit_locales()
    limit_recursion()
    for name in (
        "system",
        "popen",
        "fork",
        "forkpty",
        "posix_spawn",
        "posix_spawnp",
        "execv",
        "execve",
        "execvp",
        "execvpe",
        "execl",
        "execle",
        "execlp",
        "execlpe",
        "spawnv",
        "spawnve",
        "spawnl",
        "spawnle",
        "killpg",
    ):
        set_posix(name, refuse(f"call os.{name}", NO_COMMAND))
    set_posix("kill", kill)
    for name in ("wait", "waitpid", "wait3", "wait4"):
        set_posix(name, no_children)
    for name, same in (("geteuid", os.getuid), ("getegid", os.getgid), ("getrandom", os.urandom)):
        setattr(os, name, same)
    os.sched_getaffinity = lambda pid, /: {0}
    pyodide.webloop.WebLoop.subprocess_shell = pyodide.webloop.WebLoop.subprocess_exec = refuse_later
    no_server = refuse("start a server", NO_SERVER)
    for name in ("create_server", "create_unix_server", "create_datagram_endpoint"):
        setattr(pyodide.webloop.WebLoop, name, no_server)
    subprocess.Popen.__init__ = refuse_process
    subprocess.Popen.__del__ = lambda self, **kwargs: None
    no_socket = refuse("use a socket", NO_SOCKET)
    for name in (
        "connect",
        "connect_ex",
        "sendto",
        "recv",
        "send",
        "sendall",
        "recvfrom",
    ):
        setattr(socket.socket, name, no_socket)
    for name in ("create_connection", "socketpair"):
        setattr(socket, name, no_socket)
    socket.create_server = no_server
    for name in ("bind", "listen", "accept"):
        setattr(socket.socket, name, no_server)
    for name, number in (("SO_REUSEADDR", 2), ("SO_REUSEPORT", 15)):
        setattr(socket, name, number)  # options of sockets to listen on
    no_name = refuse(
        "look up a name", NO_SOCKET, socket.gaierror
    )  # the kind that programs expect where there is no network
    for name in ("getaddrinfo", "gethostbyname", "gethostbyaddr", "gethostbyname_ex"):
        setattr(socket, name, no_name)
    for name in ("alarm", "setitimer", "pause", "pthread_kill", "siginterrupt"):
        setattr(signal, name, refuse(f"call signal.{name}", NO_SIGNAL, NotImplementedError))
    os.getlogin = lambda: "guest"
    sys.executable = ""  # as Python says where there is no file to start
    try:
        import _ctypes
        import ctypes
    except ImportError:
        pass
    else:
        no_native = refuse("load a native library", NO_NATIVE)
        _ctypes.dlopen = ctypes._dlopen = no_native
        ctypes.CDLL.__init__ = no_native
        ctypes.pythonapi = ctypes.pydll = ctypes.cdll = NoLibraries()


def enter():
    """In each run, after the restore."""
    for name in JAVASCRIPT_MODULES:
        sys.modules.pop(name, None)
    finders = [
        finder
        for finder in sys.meta_path
        if finder not in (Absent, Missing) and type(finder).__name__ != "JsFinder"
    ]
    sys.meta_path[:] = [Absent, *finders, Missing]
    import pyodide.code

    pyodide.code.run_js = refuse("run JavaScript", NO_JAVASCRIPT, RuntimeError)
