"""asyncio on the one event loop that there is, which runs always; and how a program ends from inside of it."""

import asyncio
import functools
import gc
import inspect
import itertools
import signal
import sys

import _sandglass_threads as threads
import pyodide.webloop

#: Of each call that waits for the loop, innermost last: a future that ends the wait.
_waits = []
#: The program's own task, and what is to end it.
_program = None
_ending = None
#: The program awaits nothing itself: outside of what it has the loop run, it sees none that runs.
_is_plain = False
#: Numbers of the tasks that have no name, as each process counts them.
_numbers = itertools.count(1)
#: A task has ended with an exception that nobody has asked for yet.
_unseen = False

STUCK = "Cannot finish: the program waits for what nothing will bring"


def made(plain):
    """Every loop that a program makes is the same in this: all run in turns of the host."""

    @functools.wraps(plain)
    def init(loop):
        plain(loop)
        attach(loop)

    return init


def attach(loop):
    loop._system_exit_handler = lambda code: end(SystemExit(code))
    loop._keyboard_interrupt_handler = lambda: end(KeyboardInterrupt())


def began(task):
    """A program runs as this task; nothing is left of an earlier one."""
    global _program, _ending, _is_plain, _numbers, _unseen
    _program, _ending = task, None
    _is_plain, _unseen = False, False
    _handlers.clear()
    if task is not None:
        _numbers = itertools.count(1)
        threads._loop.__dict__.pop("_closed", None)
    _waits.clear()


def awaits(itself):
    """Whether the program has an await outside of functions."""
    global _is_plain
    _is_plain = not itself


def is_outside():
    """Whether whoever asks is the program itself, and not what the loop runs for it."""
    if not _is_plain:
        return False
    return threads.get_ident() != threads.MAIN or asyncio.current_task(running()) is _program


def ended():
    """Tells of the exceptions of tasks that nobody has asked for: some are freed only by a collection."""
    if _unseen:
        gc.collect()


def end(error):
    """Ends the innermost wait for the loop with an error; where the program itself waits, it is cancelled and then ends with it."""
    global _ending
    for stop in reversed(_waits):
        if not stop.done():
            stop.set_result(error)
            return
    if _program is not None and not _program.done():
        _ending = error
        _program.cancel()


def ending():
    """What has ended the program from a task or a callback; None if it has ended by itself."""
    return _ending


def stuck():
    """Called where nothing is left that could go on."""
    end(RuntimeError(STUCK))


def run_until_complete(loop, future):
    if loop.is_closed():
        raise RuntimeError("Event loop is closed")
    refuse_nested("This event loop is already running")
    return run_to_end(loop, future)


def refuse_nested(words):
    """A task of the loop's own must not wait for the loop. The program itself may, wherever it stands, and so may a thread."""
    if threads.get_ident() == threads.MAIN and asyncio.current_task(running()) not in (None, _program):
        raise RuntimeError(words)


def run_to_end(loop, future):
    future = asyncio.ensure_future(future, loop=loop)
    if future.done():
        return future.result()

    def done(future):
        if not stop.done():
            stop.set_result(None)

    stop = loop.create_future()
    future.add_done_callback(done)
    try:
        run(loop, stop)
    except BaseException:
        if future.done() and not future.cancelled():
            future.exception()  # whoever called has its SystemExit: nothing of the task is unseen
        raise
    future.remove_done_callback(done)
    if not future.done():
        raise RuntimeError("Event loop stopped before Future completed.")
    return future.result()


def run_forever(loop):
    if loop.is_closed():
        raise RuntimeError("Event loop is closed")
    run(loop, loop.create_future())


def run(loop, stop):
    loop._install_asyncgen_hooks()
    _waits.append(stop)
    try:
        threads.wait(stop)
    finally:
        if stop in _waits:
            _waits.remove(stop)
    error = stop.result()
    if error is not None:
        raise error


#: Of each signal: what a loop calls for it.
_handlers = {}


def add_signal_handler(loop, number, callback, *args):
    if asyncio.iscoroutine(callback) or inspect.iscoroutinefunction(callback):
        raise TypeError("coroutines cannot be used with add_signal_handler()")
    if number in (signal.SIGKILL, signal.SIGSTOP):
        raise RuntimeError(f"sig {number} cannot be caught")
    signal.signal(number, lambda *_: loop.call_soon(callback, *args))
    _handlers[number] = callback


def remove_signal_handler(loop, number):
    if _handlers.pop(number, None) is None:
        return False
    signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
    return True


def stop(loop):
    for waiting in reversed(_waits):
        if not waiting.done():
            waiting.set_result(None)
            return


def decrement_in_progress(plain):
    """An exception of a task that nobody looks at is told of when the task is freed, as asyncio does."""

    def wrapper(loop, future=None):
        global _unseen
        if not _unseen and isinstance(future, asyncio.Task) and not future.cancelled():
            _unseen = future._exception is not None
        plain(loop, None)

    return wrapper


def create_task(loop, coro, *, name=None, **options):
    """As that of asyncio, but for the numbers."""
    if loop._task_factory is not None:
        task = loop._task_factory(loop, coro, **({} if name is None else {"name": name}), **options)
    else:
        task = pyodide.webloop.PyodideTask(coro, loop=loop, name=name or f"Task-{next(_numbers)}", **options)
        if task._source_traceback:
            del task._source_traceback[-1]
    loop._in_progress += 1
    task.add_done_callback(loop._decrement_in_progress)
    try:
        return task
    finally:
        del task


def close(loop):
    loop._closed = True


def is_closed(loop):
    return loop.__dict__.get("_closed", False)


def is_running(loop):
    return not is_outside()


def get_running_loop_of(plain):
    """Asyncio's own functions find the loop everywhere; a program that awaits nothing is told that none runs."""

    @functools.wraps(plain)
    def get_running_loop():
        if _is_plain and sys._getframe(1).f_globals.get("__package__") != "asyncio" and is_outside():
            raise RuntimeError("no running event loop")
        return plain()

    return get_running_loop


def all_tasks_of(plain):
    """Without the program's own task, of which a program that awaits nothing knows nothing."""

    @functools.wraps(plain)
    def all_tasks(loop=None):
        tasks = plain(loop)
        if _is_plain:
            tasks.discard(_program)
        return tasks

    return all_tasks


#: The loop that there is, whatever a program is told.
running = asyncio.get_running_loop


class Runner(asyncio.Runner):
    """asyncio.Runner on the loop that there is."""

    def __init__(self, *, debug=None, loop_factory=None):
        super().__init__(debug=debug, loop_factory=running)

    def _lazy_init(self):
        if self._loop is None:
            self._others = asyncio.all_tasks(running())
        super()._lazy_init()

    def run(self, coro, *, context=None):
        if not asyncio.iscoroutine(coro):
            raise ValueError(f"a coroutine was expected, got {coro!r}")
        refuse_nested("Runner.run() cannot be called from a running event loop")
        self._lazy_init()
        return run_to_end(self._loop, self._loop.create_task(coro, context=context or self._context))

    def close(self):
        if self._state is not asyncio.runners._State.INITIALIZED:
            return
        left = asyncio.all_tasks(self._loop) - self._others
        for task in left:
            task.cancel()
        if left:
            run_to_end(self._loop, asyncio.gather(*left, return_exceptions=True))
        self._loop, self._state = None, asyncio.runners._State.CLOSED


def run_coroutine(main, *, debug=None, loop_factory=None):
    refuse_nested("asyncio.run() cannot be called from a running event loop")
    with Runner() as runner:
        return runner.run(main)


def install():
    Runner.__module__ = "asyncio.runners"
    asyncio.Runner = asyncio.runners.Runner = Runner
    asyncio.run = asyncio.runners.run = functools.wraps(asyncio.run)(run_coroutine)
    loop = pyodide.webloop.WebLoop
    for kind, name in ((pyodide.webloop.PyodideTask, "Task"), (pyodide.webloop.PyodideFuture, "Future")):
        kind.__name__ = kind.__qualname__ = (
            name  # they are shown, and named where an exception was not looked at
        )
    loop.__init__ = made(loop.__init__)
    loop.run_until_complete, loop.run_forever, loop.stop = run_until_complete, run_forever, stop
    loop.create_task, loop.close, loop.is_closed, loop.is_running = create_task, close, is_closed, is_running
    loop.default_exception_handler = asyncio.base_events.BaseEventLoop.default_exception_handler
    get_running_loop = get_running_loop_of(asyncio.get_running_loop)
    all_tasks = all_tasks_of(asyncio.all_tasks)
    asyncio.get_running_loop = asyncio.events.get_running_loop = get_running_loop
    asyncio.all_tasks = asyncio.tasks.all_tasks = all_tasks
    loop.run_in_executor = threads.run_in_executor
    loop.add_signal_handler, loop.remove_signal_handler = add_signal_handler, remove_signal_handler
    loop._decrement_in_progress = decrement_in_progress(loop._decrement_in_progress)
