"""Lines of notebooks in a program: "%matplotlib inline", "!pip install x". They are looked for only in what is not Python."""

import re
import shlex
import sys

LINE = re.compile(r"([ \t]*)(%%?|!)[ \t]*(.*)")
#: What they do is done here anyway, or is nothing without a notebook.
NOTHING = frozenset(
    "matplotlib pylab load_ext reload_ext autoreload config capture xmode precision pdb automagic colors logstart".split()
)
#: A statement follows in the same line.
TIMERS = ("time", "timeit", "prun", "memit")


def without_magic(source):
    """The same lines with calls in place of those that are of a notebook; None if there are none."""
    found = False
    lines = source.split("\n")
    for number, line in enumerate(lines):
        match = LINE.fullmatch(line)
        if match is not None:
            found = True
            lines[number] = match[1] + replaced(match[2], match[3].strip())
    return "\n".join(lines) if found else None


def replaced(mark, text):
    if mark == "!":
        return call("shell", text)
    name, _, rest = text.partition(" ")
    rest = rest.strip()
    if name in TIMERS:
        return rest if mark == "%" and rest and not rest.startswith("-") else "pass"
    if name in NOTHING:
        return "pass"
    return call("magic", name, rest)


def call(name, *args):
    return f"_sandglass_notebook.{name}({', '.join(map(repr, args))})"


def words_of(text):
    try:
        return shlex.split(text)
    except ValueError:
        return text.split()


def shell(text):
    words = words_of(text)
    if words[:1] and words[0] in ("python", "python3") and words[1:2] == ["-m"]:
        words = words[2:]
    if words[:1] and words[0] in ("pip", "pip3", "conda", "uv"):
        return pip(words[1:])
    raise OSError(f'Cannot run "{text}": guests cannot start processes')


def pip(words):
    """Says how packages come; that the run goes on shows whether they are there."""
    names = [word for word in words if not word.startswith("-") and word not in ("install", "pip")]
    if names:
        print(
            f"note: packages are brought before the run, not by pip: --with={','.join(names)}; "
            "in a program the option packages of the run",
            file=sys.stderr,
        )


def magic(name, rest):
    import os

    words = words_of(rest)
    if name in ("pip", "conda", "uv"):
        pip(words)
    elif name == "cd":
        os.chdir(os.path.expanduser(rest or "~"))
    elif name == "pwd":
        print(os.getcwd())
    elif name in ("env", "set_env"):
        key, _, value = rest.replace(" ", "=", 1).partition("=")
        if value:
            os.environ[key] = value
        else:
            print(os.environ.get(key, "") if key else dict(os.environ))
    elif name in ("sh", "bash", "system", "sx"):
        shell(rest)
    else:
        print(f"note: %{name} is of notebooks and does nothing here", file=sys.stderr)
