"""asyncio on the one event loop that there is, which runs always; and how a program ends from inside of it."""

import asyncio
import functools

import _sandglass_threads as threads
import pyodide.webloop

#: Of each call that waits for the loop, innermost last: a future that ends the wait.
_waits = []
#: The program's own task, and what is to end it.
_program = None
_ending = None

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
    global _program, _ending
    _program, _ending = task, None
    _waits.clear()


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
    future = asyncio.ensure_future(future, loop=loop)
    if future.done():
        return future.result()

    def done(future):
        if not stop.done():
            stop.set_result(None)

    stop = loop.create_future()
    future.add_done_callback(done)
    run(loop, stop)
    future.remove_done_callback(done)
    if not future.done():
        raise RuntimeError("Event loop stopped before Future completed.")
    return future.result()


def run_forever(loop):
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


def stop(loop):
    for waiting in reversed(_waits):
        if not waiting.done():
            waiting.set_result(None)
            return


def decrement_in_progress(plain):
    """An exception of a task that nobody looks at is told of when the task is freed, as asyncio does."""

    def wrapper(loop, future=None):
        plain(loop, None)

    return wrapper


class Runner(asyncio.Runner):
    """asyncio.Runner on the loop that there is."""

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
    loop.run_in_executor = threads.run_in_executor
    loop._decrement_in_progress = decrement_in_progress(loop._decrement_in_progress)
