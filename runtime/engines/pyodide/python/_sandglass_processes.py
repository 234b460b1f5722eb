"""What programs expect of processes beside their own. There are none: what needs one says so, and pools of threads work."""

import concurrent.futures
import errno
import importlib.machinery
import os
import queue
import sys

import _sandglass_threads as threads

NO_PROCESSES = "guests cannot start processes; ThreadPoolExecutor of concurrent.futures and ThreadPool of multiprocessing.pool take the same calls"
NO_INTERPRETERS = "a guest has one interpreter; ThreadPoolExecutor takes the same calls"

#: What multiprocessing makes for its processes.
MADE = """
    Array Barrier BoundedSemaphore Condition Event JoinableQueue Lock Manager Pipe Pool Queue RawArray RawValue RLock Semaphore SimpleQueue Value
""".split()


def refuse(what, reason, kind=OSError):
    def refused(*args, **kwargs):
        message = f"Cannot use {what}: {reason}"
        raise OSError(errno.ENOTSUP, message) if kind is OSError else kind(message)

    return refused


def change_context(module):
    for name in MADE:
        setattr(module.BaseContext, name, refuse(f"multiprocessing.{name}", NO_PROCESSES))
    refused = staticmethod(refuse("multiprocessing.Process", NO_PROCESSES))
    for kind in ("Process", "ForkProcess", "SpawnProcess", "ForkServerProcess"):
        process = getattr(module, kind, None)
        if process is not None:
            process._Popen = refused


class Notifier(queue._PySimpleQueue):
    """Wakes the thread of a pool that looks after the others."""

    _reader = None


class OfThreads:
    """The part of a context of multiprocessing that a pool of threads asks for."""

    SimpleQueue = Notifier


#: Threads of a pool that do none of its work.
KEEPERS = 3


def change_pool(module):
    plain = module.Pool.__init__

    def init(self, processes=None, initializer=None, initargs=()):
        most = threads.MOST - KEEPERS
        count = most if processes is None else min(processes, most)
        plain(self, count, initializer, initargs, context=OfThreads)

    def wait_for_updates(sentinels, notifier, timeout=None):
        notifier.get()
        while not notifier.empty():
            notifier.get()

    module.ThreadPool.__init__ = init
    module.Pool._wait_for_updates = staticmethod(wait_for_updates)


def change_futures(module):
    module._check_system_limits = refuse("ProcessPoolExecutor", NO_PROCESSES, NotImplementedError)


def change_getpass(module):
    plain = module.getuser

    def getuser():
        try:
            return plain()
        except OSError:
            return os.getlogin()

    module.getuser = getuser


#: What is done with a module as soon as it has been imported.
CHANGES = {
    "concurrent.futures.process": change_futures,
    "getpass": change_getpass,
    "multiprocessing.context": change_context,
    "multiprocessing.pool": change_pool,
}


class Changing:
    """Loads one of those, and changes it."""

    def __init__(self, loader, change):
        self.loader = loader
        self.change = change

    def create_module(self, spec):
        return self.loader.create_module(spec)

    def exec_module(self, module):
        module.__loader__ = module.__spec__.loader = self.loader
        self.loader.exec_module(module)
        self.change(module)


class Changed:
    @staticmethod
    def find_spec(name, path=None, target=None):
        change = CHANGES.get(name)
        if change is None:
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = Changing(spec.loader, change)
        return spec


class InterpreterPoolExecutor(concurrent.futures.ThreadPoolExecutor):
    __init__ = refuse("InterpreterPoolExecutor", NO_INTERPRETERS, NotImplementedError)


def install():
    InterpreterPoolExecutor.__module__ = "concurrent.futures.interpreter"
    concurrent.futures.InterpreterPoolExecutor = InterpreterPoolExecutor
    concurrent.futures.__all__.append("InterpreterPoolExecutor")
    sys.meta_path.insert(0, Changed)
