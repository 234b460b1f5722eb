"""Runs a guest's program: its globals, its streams, its traceback, its value."""

import asyncio
import atexit
import builtins
import inspect
import io
import json
import linecache
import os
import random
import sys
import traceback

import _sandglass_display as display
import _sandglass_errno as numbers
import _sandglass_files as files
import _sandglass_host as host
import _sandglass_http as http
import _sandglass_loop as loops
import _sandglass_notebook as notebook
import _sandglass_policy as policy
import _sandglass_program as program
import _sandglass_surroundings as surroundings
import _sandglass_threads as threads
import _sandglass_values as values
from _sandglass_tools import tools
from pyodide.webloop import PyodideTask

MAIN = "__main__"
#: Of a program that is told nothing but its code, its name and its limits.
DEFAULTS = {
    "argv": (),
    "base": None,
    "cwd": "/",
    "env": {},
    "hasStdin": False,
    "inputs": {},
    "keeps": False,
    "modules": {},
    "mounts": (),
    "options": {},
    "packages": False,
    "rehearsal": False,
    "repeats": False,
    "resumes": False,
    "rich": (),
    "tools": False,
}
#: The folder that is there without a grant.
HOME = "/tmp"
#: Bound here: a program may put another function in the place of the module's.
DECODER = json.JSONDecoder()
ENCODE = json.JSONEncoder().encode

#: File names whose lines are the guest's own.
_own_files = set()
_own_folders = (HOME + "/",)


#: The one that there is, whatever a program makes of asyncio's own idea of it.
_loop = None


def attach(bridge):
    global _loop
    _loop = asyncio.get_event_loop()
    threads.attach(_loop)
    loops.attach(_loop)
    host.attach(bridge)


#: The globals of a guest that is kept; whatever it does to sys.modules. None until its first run was set up.
_names = None
#: The run's rules are around its globals.
_ruled = False


#: All that does not depend on the program was done before it came.
_is_ready = False


def get_ready():
    global _is_ready
    _is_ready = True
    surroundings.enter()
    sys.dont_write_bytecode = True
    if _names is None:
        for stream in (sys.stdout, sys.stderr):
            stream.reconfigure(line_buffering=True)


def set_up(spec):
    global _own_folders, _names, _is_ready
    if not _is_ready:
        get_ready()
    _is_ready = False
    resumes = spec["resumes"] and _names is not None
    if resumes:
        names = _names
        names["__file__"] = spec["filename"]
        host.forget_refusals()
        reopen_stdin()
    else:
        _names = None
        names = sys.modules[MAIN].__dict__
        names.clear()
        names.update(
            {
                "__name__": MAIN,
                "__doc__": None,
                "__package__": None,
                "__spec__": None,
                "__builtins__": builtins,
                "__file__": spec["filename"],
            }
        )
    sys.argv = [spec["filename"], *spec["argv"]]
    env = {"HOME": HOME} | spec["env"]
    if os.environ != env:
        os.environ.clear()
        os.environ.update(env)
    surroundings.set_zone(env.get("TZ", ""))
    surroundings.set_debugger(spec["hasStdin"])
    http.set_base(spec["base"])
    _own_folders = tuple(path.rstrip("/") + "/" for path in (HOME, *spec["mounts"]))
    for module, source in spec["modules"].items():
        add_module(module, source)
    # Last, not first: a granted folder must neither stand before the standard library nor be asked for each of its modules.
    sys.path[:] = [path for path in sys.path if path]
    if spec["mounts"] or spec["cwd"] == "/tmp":
        sys.path.append("")
    if spec["packages"] or resumes:
        sys.path_importer_cache.clear()  # it knows the folders as they were when the interpreter was made, or in the last run
    if spec["repeats"]:
        random.seed(
            os.urandom(32)
        )  # of the caller's seed; any other run has the random numbers that its interpreter took after the rehearsal
    sys.setrecursionlimit(spec["recursionLimit"])
    if not resumes and os.getcwd() != spec["cwd"]:
        os.chdir(spec["cwd"])
    if spec["tools"]:
        names["tools"] = tools
    names.update(spec["inputs"])
    _names = names
    return names


def reopen_stdin():
    """What the last run has not read of its input is not the next one's."""
    sys.stdin = sys.__stdin__ = io.open(0, encoding="utf-8", closefd=False)  # noqa: UP020 - a program may have replaced the builtin


#: How long the tasks of an ended run may take to end when they are cancelled, seconds.
TASK_GRACE = 1.0


#: Tasks that did not end when they were cancelled. Nothing of ours resumes them; held here, they do not run on for being freed either.
_abandoned = []


async def end_tasks():
    """Cancels what a program of a kept guest has left."""
    known = [asyncio.current_task(), *_abandoned]
    tasks = [task for task in asyncio.all_tasks() if not any(task is one for one in known)]
    for task in tasks:
        task.cancel()
    if tasks:
        done, pending = await asyncio.wait(tasks, timeout=TASK_GRACE)
        _abandoned.extend(pending)
        for task in done:
            if not task.cancelled():
                task.exception()  # looked at, so that nobody is told of it later


def remember_source(filename, source):
    _own_files.add(filename)
    linecache.cache[filename] = (len(source), None, source.splitlines(True), filename)


_sources = {}


def add_module(name, source):
    name = name.removeprefix("./").removesuffix(".py").replace("/", ".")
    _sources[name] = source


class SourceFinder:
    """Imports the modules that were given with the run."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        import importlib.machinery

        package = name + ".__init__"
        if (
            name not in _sources
            and package not in _sources
            and not any(n.startswith(name + ".") for n in _sources)
        ):
            return None
        is_package = name not in _sources
        return importlib.machinery.ModuleSpec(name, SourceFinder, is_package=is_package)

    @staticmethod
    def create_module(spec):
        return None

    @staticmethod
    def exec_module(module):
        name = module.__name__
        key = name if name in _sources else name + ".__init__"
        source = _sources.get(key, "")
        filename = key.replace(".", "/") + ".py"
        module.__file__ = filename
        remember_source(filename, source)
        own = sys.modules[MAIN].__dict__.get("__builtins__", builtins)
        if own is not builtins:
            module.__dict__["__builtins__"] = own  # the run's rules hold for all of its own code
        exec(compile(source, filename, "exec", dont_inherit=True), module.__dict__)


async def run_program(spec, names):
    source, filename = spec["code"], spec["filename"]
    remember_source(filename, source)
    rules = policy.rules_of(spec["options"])
    try:
        pieces, last = compiled(source, filename, rules, names)
    except SyntaxError:
        changed = notebook.without_magic(source)
        if changed is None:
            raise
        names["_sandglass_notebook"] = notebook
        pieces, last = compiled(changed, filename, rules, names)
    loops.awaits(
        any(code.co_flags & inspect.CO_COROUTINE for code in (*pieces, *(() if last is None else (last,))))
    )
    for piece in pieces:
        await evaluate(piece, names)
    if last is None:
        return None, False
    return await evaluate(last, names), True


def compiled(source, filename, rules, names):
    global _ruled
    if rules is None:
        return program.compiled(source, filename)
    tree = program.tree_of(source, filename)
    if not _ruled:
        policy.apply(names, rules, is_own)
        _ruled = True
    policy.check(tree, rules, filename)
    return program.compiled_tree(tree, filename)


async def evaluate(code, names):
    result = eval(code, names)
    if code.co_flags & inspect.CO_COROUTINE:
        return await result
    return result


def is_own(filename):
    if filename in _own_files:
        return True
    path = filename if filename.startswith("/") else os.path.join("/", filename)
    return path.startswith(_own_folders)


#: A traceback of more frames is shown by its start and its end: each frame costs much to format, and a raised limit allows a million.
MOST_FRAMES = 2000
#: Frames of the start that stay, and at least as many of the end.
BLOCK = range(100)


def shorten_traceback(first):
    """Takes the middle out of a long one. Looks at each frame once, as cheaply as can be."""
    kept, ahead, behind, blocks = None, first, first, 0
    while True:
        last, reached = behind, ahead
        try:
            for _ in BLOCK:
                ahead = ahead.tb_next
        except AttributeError:
            break  # past the end
        blocks += 1
        if blocks == 1:
            kept = ahead
        behind = reached
    if blocks * len(BLOCK) < MOST_FRAMES:
        return 0
    kept.tb_next = last
    return (blocks - 2) * len(BLOCK) - 1


def shorten(error):
    """Shortens the tracebacks of an exception, its causes and its parts. Answers how many frames are left out."""
    left_out = 0
    todo, seen = [error], set()
    while todo:
        part = todo.pop()
        if part is None or id(part) in seen:
            continue
        seen.add(id(part))
        todo += [
            part.__cause__,
            part.__context__,
            *(part.exceptions if isinstance(part, BaseExceptionGroup) else ()),
        ]
        left_out += shorten_traceback(part.__traceback__)
    return left_out


def own_frames(report):
    """Leaves the guest's own lines in a traceback, also in those of causes and groups."""
    todo, seen = [report], set()
    while todo:
        part = todo.pop()
        if part is None or id(part) in seen:
            continue
        seen.add(id(part))
        part.stack = traceback.StackSummary.from_list(
            [frame for frame in part.stack if is_own(frame.filename)]
        )
        todo += [part.__cause__, part.__context__, *(part.exceptions or ())]
    return report


#: Room to tell of an error in when there is none left, let go by the first one.
_reserve = [bytearray(512 * 1024)]
_plain_hook = sys.excepthook


def describe(error):
    """The report of an uncaught exception; its traceback goes to stderr."""
    _reserve.clear()
    if isinstance(error, OSError) and numbers.is_own(error):
        numbers.show(error)
    left_out = shorten(error)
    report = own_frames(traceback.TracebackException.from_exception(error, compact=True, lookup_lines=False))
    text = "".join(report.format())
    if left_out:
        text += f"[{left_out} frames in the middle are left out]\n"
    if sys.excepthook is _plain_hook or not call_hook(error):
        print(text, end="", file=sys.stderr)
    result = {"name": type(error).__qualname__[:200], "message": message_of(error), "stack": text[-20000:]}
    if isinstance(error, SyntaxError) and error.filename and is_own(error.filename):
        result["file"], result["line"], result["column"] = error.filename, error.lineno, error.offset
    elif report.stack:
        frame = report.stack[-1]
        result["file"], result["line"] = frame.filename, frame.lineno
        if frame.colno is not None:
            result["column"] = frame.colno + 1
    elif type(error) is policy.Blocked and error.line is not None:
        result["file"], result["line"] = error.file, error.line
    number = host.refusal_id(error)
    if number is not None:
        result["refusalId"] = number
    absent = missing_package(error)
    if absent is not None:
        result["missing"] = absent
    return result


def call_hook(error):
    """Shows an exception by the program's own sys.excepthook; answers whether it did."""
    frames = error.__traceback__
    while frames is not None and not is_own(frames.tb_frame.f_code.co_filename):
        frames = frames.tb_next
    try:
        sys.excepthook(type(error), error, frames)
        return True
    except BaseException as another:
        print("Error in sys.excepthook:", file=sys.stderr)
        inner = traceback.TracebackException.from_exception(another, compact=True, lookup_lines=False)
        print("".join(own_frames(inner).format()), "\nOriginal exception was:", sep="", file=sys.stderr)
        return False


def missing_package(error):
    """The package that would bring what an exception says is not there; None for what no package brings."""
    if type(error) is ModuleNotFoundError and isinstance(error.name, str):
        name = error.name.partition(".")[0]
        return None if name in sys.stdlib_module_names or name in surroundings.NO_MODULE else name
    return None


def message_of(error):
    try:
        return str(error)[:10000]
    except Exception:
        return ""


def exit_status(error):
    code = error.code
    if code is None:
        return 0
    if isinstance(code, int):
        return code & 0xFF if code >= 0 else code % 256
    print(code, file=sys.stderr)
    return 1


#: The task of the program that runs. The loop holds none: one that waits for what only it knows would be collected.
_running = None


def start(text):
    """Runs a program as a task, whose first step is made here and now: the loop would take several of its turns to begin it."""
    global _running
    _loop._install_running_loop()
    _loop._install_asyncgen_hooks()
    _running = PyodideTask(main(text), loop=_loop, eager_start=True)


def stuck():
    loops.stuck()


async def main(text):
    """Runs a program and reports how it ended."""
    try:
        spec = DEFAULTS | DECODER.raw_decode(text)[0]
        report = await attempt(spec)
        if spec["rehearsal"]:
            forget(sys.modules[MAIN].__dict__)
        value = report.get("value")
        text = ENCODE(report) if value is None else f'{{"value":{value},"form":"{report["form"]}"}}'
    except BaseException:
        text = ""  # there was no memory left to tell it in
    host.report(text)


async def attempt(spec):
    report = {}
    names = {}
    try:
        names = set_up(spec)
        loops.began(asyncio.current_task())
        value, given = await run_program(spec, names)
        flush()
        # None is what a line answers that answers nothing, such as a call of print().
        given = given and value is not None
        report = encoded(value, spec["valueBytes"]) if given else {"value": None}
        if spec["rich"]:
            display.write(value, spec["rich"])
    except values.TooLarge:
        report = {"oversize": True}
    except asyncio.CancelledError as error:
        ending = loops.ending()
        report = ended(error if ending is None else ending.with_traceback(error.__traceback__))
    except BaseException as error:
        report = ended(error)
    value = None
    loops.ended()
    loops.began(None)
    try:
        if not spec["keeps"] or "exit" in report:
            threads.finish()
            finish(names)
        else:
            await end_tasks()
        files.flush_written()
        flush()
    except BaseException as error:
        report = report if "error" in report else {"error": describe(error)}
    return report


def encoded(value, limit):
    """A value as JSON text; one that has no JSON form as what Python shows of it."""
    try:
        return {"value": values.encode(value, limit), "form": "json"}
    except values.NoJsonForm:
        return {"value": values.encode(values.text_of(value), limit), "form": "text"}


def ended(error):
    """The report of a program that an exception has ended."""
    if isinstance(error, SystemExit):
        return {"exit": exit_status(error)}
    if isinstance(error, KeyboardInterrupt):
        describe(error)
        return {"exit": INTERRUPTED}
    return {"error": describe(error)}


#: What shells say of a process that was interrupted.
INTERRUPTED = 130


def forget(names):
    """After the rehearsal, a program of our own: nothing of it stays but what it made ready."""
    global _names
    _names = None
    try:
        exec(compile("1 / 0", "<rehearsal>", "exec"), {})
    except ZeroDivisionError as error:
        own_frames(
            traceback.TracebackException.from_exception(error, compact=True, lookup_lines=False)
        ).format()
    names.clear()
    linecache.cache.clear()
    _own_files.clear()
    random.seed(os.urandom(32))
    get_ready()


_run_exitfuncs = atexit._run_exitfuncs


def finish(names):
    """What CPython does between the end of a program and the end of its process: objects that close in the end are closed."""
    _run_exitfuncs()
    flush()
    for name in sorted(filter(is_text, names), key=goes_late):
        if name != "__builtins__":
            names[name] = None


def is_text(name):
    return type(name) is str


def goes_late(name):
    return not name.startswith("_") or name.startswith("__")


def flush():
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except Exception:
            pass  # the guest has replaced or closed it: nothing of ours is lost


sys.meta_path.append(SourceFinder)
