/** Python: what a program expects of an operating system and does not find here, each with a sentence that says so. */
export const SURROUNDINGS_SOURCE = String.raw`
"""Sentences for what is not there. This is courtesy: the boundary is the wasm and the realm around it."""
import errno
import functools
import importlib.machinery
import os
import socket
import subprocess
import sys
import threading
import time
import _thread

import _sandglass_host as host

NO_JAVASCRIPT = "guests have no JavaScript"
NO_PROCESS = "guests cannot start processes"
NO_THREAD = "guests have one thread; use asyncio for work side by side"
NO_SOCKET = "guests have no sockets; use urllib.request, requests or httpx under an http grant"
NO_NATIVE = "guests have no native libraries"

JAVASCRIPT_MODULES = ("js", "pyodide_js")


class Absent:
    """Refuses the imports of modules that would reach the engine."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        if name.partition(".")[0] in JAVASCRIPT_MODULES:
            raise ImportError(f"Cannot import {name}: {NO_JAVASCRIPT}", name=name)
        return None


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


def install():
    """Before the snapshot: nothing here holds an object of the realm."""
    time.sleep = Sleep()
    for name in ("system", "popen", "fork", "forkpty", "posix_spawn", "posix_spawnp", "execv", "execve", "execvp", "execvpe", "execl",
                 "execle", "execlp", "execlpe", "spawnv", "spawnve", "spawnl", "spawnle", "kill", "killpg"):
        setattr(os, name, refuse(f"call os.{name}", NO_PROCESS))
        posix = sys.modules["posix"]
        if hasattr(posix, name):
            setattr(posix, name, getattr(os, name))
    subprocess.Popen.__init__ = refuse("start a process", NO_PROCESS)
    subprocess.Popen.__del__ = lambda self, **kwargs: None
    no_thread = refuse("start a thread", NO_THREAD, RuntimeError)
    for module, name in ((_thread, "start_new_thread"), (_thread, "start_joinable_thread"), (_thread, "start_new"),
                         (threading, "_start_new_thread"), (threading, "_start_joinable_thread")):
        if hasattr(module, name):
            setattr(module, name, no_thread)
    no_socket = refuse("use a socket", NO_SOCKET)
    for name in ("connect", "connect_ex", "bind", "listen", "accept", "sendto", "recv", "send", "sendall", "recvfrom"):
        setattr(socket.socket, name, no_socket)
    for name in ("create_connection", "create_server", "socketpair"):
        setattr(socket, name, no_socket)
    no_name = refuse("look up a name", NO_SOCKET, socket.gaierror)  # the kind that programs expect where there is no network
    for name in ("getaddrinfo", "gethostbyname", "gethostbyaddr", "gethostbyname_ex"):
        setattr(socket, name, no_name)
    try:
        import ctypes
        import _ctypes
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
    sys.meta_path[:] = [Absent, *(finder for finder in sys.meta_path if finder is not Absent and type(finder).__name__ != "JsFinder")]
    import pyodide.code
    import _pyodide._base
    pyodide.code.run_js = refuse("run JavaScript", NO_JAVASCRIPT, RuntimeError)
`;
