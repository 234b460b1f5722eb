"""Sentences for what is not there. This is courtesy: the boundary is the wasm and the realm around it."""

import _thread
import asyncio
import errno
import functools
import os
import socket
import subprocess
import sys
import threading
import time

import _sandglass_host as host

NO_JAVASCRIPT = "guests have no JavaScript"
NO_PROCESS = "guests cannot start processes"
NO_THREAD = "guests have one thread; use asyncio for work side by side"
NO_SOCKET = "guests have no sockets; use urllib.request, requests or httpx under an http grant"
NO_NATIVE = "guests have no native libraries"

#: The deepest recursion of Python functions that can be asked for: its frames, and the traceback that goes through them, fit the default limits.
MOST_RECURSION = 1_000_000

JAVASCRIPT_MODULES = ("js", "pyodide_js")

NO_TERMINAL = "guests have no terminal and no screen"
NO_USERS = "guests have no users"
#: Modules of other Pythons, and packages that cannot work here, with what stands in the way.
NO_MODULE = {
    "_multiprocessing": NO_PROCESS,
    "_posixshmem": NO_PROCESS,
    "_posixsubprocess": NO_PROCESS,
    "_interpreters": NO_THREAD,
    "curses": NO_TERMINAL,
    "_curses": NO_TERMINAL,
    "readline": NO_TERMINAL,
    "tkinter": NO_TERMINAL,
    "_tkinter": NO_TERMINAL,
    "turtle": NO_TERMINAL,
    "idlelib": NO_TERMINAL,
    "pwd": NO_USERS,
    "grp": NO_USERS,
    "resource": "limits and usage are told by the outcome of the run",
    "syslog": "use logging",
    "dbm": "use sqlite3, or json or pickle in place of shelve",
    "ensurepip": "packages are brought by the host before the run",
    "pip": "packages are brought by the host before the run",
    "micropip": "packages are brought by the host before the run",
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


class Sleep:
    """time.sleep; an object, so that a class that keeps it does not make a method of it."""

    __name__ = __qualname__ = "sleep"

    def __call__(self, seconds, /):
        sleep(seconds)


def sleep(seconds, /):
    if not hasattr(seconds, "__index__") and not hasattr(seconds, "__float__"):
        raise TypeError(f"'{type(seconds).__name__}' object cannot be interpreted as an integer")
    seconds = float(seconds)
    if seconds != seconds:
        raise ValueError("Invalid value NaN (not a number)")
    if seconds < 0:
        raise ValueError("sleep length must be non-negative")
    host.sleep(seconds)


class Runner(asyncio.Runner):
    """asyncio.Runner on the one loop that there is, which is running always."""

    def __init__(self, *, debug=None, loop_factory=None):
        super().__init__(debug=debug, loop_factory=asyncio.get_running_loop)

    def _lazy_init(self):
        if self._loop is None:
            self._others = asyncio.all_tasks(asyncio.get_running_loop())
        super()._lazy_init()

    def run(self, coro, *, context=None):
        if not asyncio.iscoroutine(coro):
            raise ValueError(f"a coroutine was expected, got {coro!r}")
        self._lazy_init()
        return self._loop.run_until_complete(self._loop.create_task(coro, context=context or self._context))

    def close(self):
        if self._state is not asyncio.runners._State.INITIALIZED:
            return
        left = asyncio.all_tasks(self._loop) - self._others
        for task in left:
            task.cancel()
        if left:
            self._loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        self._loop, self._state = None, asyncio.runners._State.CLOSED


def run_coroutine(main, *, debug=None, loop_factory=None):
    with Runner() as runner:
        return runner.run(main)


def install_asyncio():
    import pyodide.webloop

    Runner.__module__ = "asyncio.runners"
    asyncio.Runner = asyncio.runners.Runner = Runner
    asyncio.run = asyncio.runners.run = functools.wraps(asyncio.run)(run_coroutine)
    no_process = refuse("start a process", NO_PROCESS)
    pyodide.webloop.WebLoop.subprocess_shell = pyodide.webloop.WebLoop.subprocess_exec = no_process


def install_zones():
    """Time zones come from a package, which the error of one that is not there names."""
    import zoneinfo._common as zones

    plain = zones.load_tzdata

    def load_tzdata(key):
        try:
            return plain(key)
        except zones.ZoneInfoNotFoundError:
            if "tzdata" in sys.modules:
                raise
        raise zones.ZoneInfoNotFoundError(
            f"No time zone found with key {key}: the package tzdata, which has them, is not installed"
        )

    zones.load_tzdata = functools.wraps(plain)(load_tzdata)


def limit_recursion():
    """A limit beyond all memory is one of what there is: then a RecursionError ends the recursion, not a limit of the run."""
    plain = sys.setrecursionlimit

    def setrecursionlimit(limit, /):
        plain(min(limit, MOST_RECURSION) if isinstance(limit, int) else limit)

    sys.setrecursionlimit = setrecursionlimit


def install():
    """Before the snapshot: nothing here holds an object of the realm."""
    time.sleep = Sleep()
    install_asyncio()
    install_zones()
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
        "kill",
        "killpg",
    ):
        setattr(os, name, refuse(f"call os.{name}", NO_PROCESS))
        posix = sys.modules["posix"]
        if hasattr(posix, name):
            setattr(posix, name, getattr(os, name))
    subprocess.Popen.__init__ = refuse("start a process", NO_PROCESS)
    subprocess.Popen.__del__ = lambda self, **kwargs: None
    no_thread = refuse("start a thread", NO_THREAD, RuntimeError)
    for module, name in (
        (_thread, "start_new_thread"),
        (_thread, "start_joinable_thread"),
        (_thread, "start_new"),
        (threading, "_start_new_thread"),
        (threading, "_start_joinable_thread"),
    ):
        if hasattr(module, name):
            setattr(module, name, no_thread)
    no_socket = refuse("use a socket", NO_SOCKET)
    for name in (
        "connect",
        "connect_ex",
        "bind",
        "listen",
        "accept",
        "sendto",
        "recv",
        "send",
        "sendall",
        "recvfrom",
    ):
        setattr(socket.socket, name, no_socket)
    for name in ("create_connection", "create_server", "socketpair"):
        setattr(socket, name, no_socket)
    no_name = refuse(
        "look up a name", NO_SOCKET, socket.gaierror
    )  # the kind that programs expect where there is no network
    for name in ("getaddrinfo", "gethostbyname", "gethostbyaddr", "gethostbyname_ex"):
        setattr(socket, name, no_name)
    try:
        import _ctypes
        import ctypes
    except ImportError:
        pass
    else:
        no_native = refuse("load a native library", NO_NATIVE)
        _ctypes.dlopen = ctypes._dlopen = no_native
        ctypes.CDLL.__init__ = no_native
        ctypes.pythonapi = ctypes.pydll = ctypes.cdll = None


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
