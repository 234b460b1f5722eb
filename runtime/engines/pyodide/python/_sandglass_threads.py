"""Threads that take turns. Each has a stack of its own, and lets the others go on where it waits: for a lock, for another thread, in a sleep."""

import _thread
import _threading_local
import functools
import gc
import queue
import sys
import threading
from collections import deque

import _sandglass_host as host

#: Whoever runs what is not a thread's: the program, and the callbacks of the event loop.
MAIN = _thread.get_ident()
#: Threads that are under way at one time: each holds a stack, of which V8 gives some dozen. Others begin when one of them has ended.
MOST = 8
#: Threads at one time, with those that have not begun.
MOST_ALIVE = 1000

_loop = None
_current = MAIN
_last = MAIN
#: Of threads that have not ended, by identifier.
_alive = {}
#: Those of them that have not begun.
_ready = deque()
#: What threads wait for that have set themselves no end of it.
_endless = set()

#: Stacks that wait. Beside a first one, others may lie copied out of the stack's memory, where the collector of garbage would look for frames.
_suspended = 0
_collects = True
_switches = 0
COLLECT_EVERY = 2048

DEADLOCK = "Cannot wait: every other thread waits as well, so that nothing would end it"


def attach(loop):
    global _loop
    _loop = loop


def get_ident():
    return _current


def wait(future):
    """The others have their turn until the future is done."""
    global _current, _suspended, _collects, _switches
    from pyodide.ffi import run_sync

    me = _current
    _current = MAIN
    _suspended += 1
    if _suspended == 2:
        _collects = gc.isenabled()
        gc.disable()
    elif _suspended > 2:
        _switches += 1
        if _switches % COLLECT_EVERY == 0:
            gc.collect()  # asked for, it looks at no frames
    try:
        run_sync(future)
    finally:
        _current = me
        _suspended -= 1
        if _suspended == 1 and _collects:
            gc.enable()


def park(line, timeout=None):
    """Waits in a line until wake() is called for it, at most timeout seconds; answers whether it was."""
    endless = timeout is None or timeout < 0
    if endless and len(_endless) >= len(_alive) - len(_ready):
        raise RuntimeError(DEADLOCK)
    future = _loop.create_future()
    line.append(future)
    if endless:
        _endless.add(future)
    else:
        end = _loop.call_later(timeout, settle, future, False)
    try:
        wait(future)
    finally:
        _endless.discard(future)
        if future in line:
            line.remove(future)
        if not endless:
            end.cancel()
    return future.result()


def settle(future, woken):
    _endless.discard(future)  # it can go on, though it has not yet
    if not future.done():
        future.set_result(woken)


def wake(line):
    """Lets the first that waits go on; answers whether one did."""
    while line:
        future = line.popleft()
        if not future.done():
            settle(future, True)
            return True
    return False


class Lock:
    """threading.Lock"""

    __slots__ = ("__weakref__", "_line", "_locked")

    def __init__(self):
        self._locked = False
        self._line = None

    def acquire(self, blocking=True, timeout=-1):
        if not blocking and timeout != -1:
            raise ValueError("can't specify a timeout for a non-blocking call")
        if timeout < 0 and timeout != -1:
            raise ValueError("timeout value must be a non-negative number")
        if timeout > threading.TIMEOUT_MAX:
            raise OverflowError("timeout value is too large")
        if not self._locked:
            self._locked = True
            return True
        if not blocking or timeout == 0:
            return False
        if self._line is None:
            self._line = deque()
        return park(self._line, timeout)

    def release(self):
        if not self._locked:
            raise RuntimeError("release unlocked lock")
        if not self._line or not wake(self._line):  # else it is handed over
            self._locked = False

    def locked(self):
        return self._locked

    def _at_fork_reinit(self):
        self.__init__()

    def __enter__(self):
        return self.acquire()

    def __exit__(self, *error):
        self.release()

    def __repr__(self):
        state = "locked" if self._locked else "unlocked"
        return f"<{state} _thread.lock object at {id(self):#x}>"

    acquire_lock, release_lock, locked_lock = acquire, release, locked


Lock.__name__ = Lock.__qualname__ = "lock"
Lock.__module__ = "_thread"


class Handle:
    """What threading keeps of a thread."""

    def __init__(self):
        self.ident = 0
        self.daemon = True
        self._done = False
        self._joining = deque()

    def is_done(self):
        return self._done

    def join(self, timeout=None):
        if not self._done:
            park(self._joining, timeout)

    def _set_done(self):
        self._done = True
        _alive.pop(self.ident, None)
        if _ready:
            _loop.call_soon(run, *_ready.popleft())
        while wake(self._joining):
            pass


def start_joinable_thread(function, handle=None, daemon=True):
    global _last
    if len(_alive) >= MOST_ALIVE:
        raise RuntimeError(f"can't start new thread: {MOST_ALIVE} are alive")
    handle = handle or Handle()
    _last += 1
    handle.ident, handle.daemon = _last, daemon
    if len(_alive) - len(_ready) < MOST:
        _loop.call_soon(run, function, handle)
    else:
        _ready.append((function, handle))
        thread = getattr(function, "__self__", None)
        if isinstance(thread, threading.Thread):  # whoever starts it does not wait until it has begun
            thread._ident = handle.ident
            thread._started.set()
    _alive[_last] = handle
    return handle


def run(function, handle):
    global _current
    _current = handle.ident
    try:
        function()
    except SystemExit:
        pass  # ends the thread
    finally:
        _current = MAIN
        handle._set_done()


def start_new_thread(function, args, kwargs=None, /):
    def call():
        try:
            function(*args, **(kwargs or {}))
        except SystemExit:
            raise
        except BaseException:
            sys.excepthook(*sys.exc_info())

    return start_joinable_thread(call).ident


def sleep(seconds):
    if _alive:
        park(deque(), seconds)
    else:
        host.sleep(seconds)


def run_in_executor(loop, executor, function, *args):
    """Of the event loop: asyncio.to_thread() stands on it."""
    from asyncio import wrap_future

    if executor is not None:
        return wrap_future(executor.submit(function, *args), loop=loop)
    future = loop.create_future()

    def work():
        try:
            result = function(*args)
        except BaseException as error:
            if not future.done():
                future.set_exception(error)
        else:
            if not future.done():
                future.set_result(result)

    start_joinable_thread(work)
    return future


def with_fewer(plain):
    """A pool has no more threads than can be under way: its work waits in its own queue."""

    @functools.wraps(plain)
    def init(self, max_workers=None, *args, **kwargs):
        plain(self, max_workers, *args, **kwargs)
        self._max_workers = min(self._max_workers, MOST)

    return init


def finish():
    """What CPython does when a program has ended: threads that are not daemons come to their end, those of pools first."""
    if not _alive:
        return
    for end in reversed(threading._threading_atexits):
        end()
    for handle in list(_alive.values()):
        if not handle.daemon:
            handle.join()


def install():
    """Before the snapshot. Locks of modules that are there already stay as they are: nobody waits while holding them."""
    for name, made in (
        ("Lock", Lock),
        ("_allocate_lock", Lock),
        ("_CRLock", None),
        ("RLock", threading._PyRLock),
        ("_ThreadHandle", Handle),
        ("_start_joinable_thread", start_joinable_thread),
        ("get_ident", get_ident),
        ("get_native_id", get_ident),
        ("local", _threading_local.local),
    ):
        setattr(threading, name, made)
    threading.Thread.native_id = property(lambda thread: thread.ident)
    threading._active_limbo_lock = threading.RLock()
    queue.SimpleQueue = queue._PySimpleQueue
    from concurrent.futures.thread import ThreadPoolExecutor  # made of the above

    ThreadPoolExecutor.__init__ = with_fewer(ThreadPoolExecutor.__init__)
    for name, made in (
        ("start_new_thread", start_new_thread),
        ("start_new", start_new_thread),
        ("start_joinable_thread", start_joinable_thread),
        ("get_ident", get_ident),
        ("get_native_id", get_ident),
        ("_local", _threading_local.local),
    ):
        setattr(_thread, name, made)
