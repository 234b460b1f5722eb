"""Modules as a program of the preset `safe` sees them: public names, and nothing that leads to other modules or to the interpreter."""

import functools
import operator
import string
import sys
import types
from _string import formatter_field_name_split

#: Of a module itself, beside its public names.
ABOUT = ("__all__", "__author__", "__version__")
#: Public, and still no business of such a program: they make code of text or of bytes, or read files.
LEFT_OUT = {
    "enum": ("global_enum",),
    "types": ("CodeType", "FrameType", "FunctionType", "LambdaType", "TracebackType"),
    "typing": ("evaluate_forward_ref", "get_type_hints"),
}
LEFT_OUT_EVERYWHERE = ("main", "test")


def plain(name):
    """A name as it is looked up: text of a class of the program's own may say otherwise of itself."""
    return str.__str__(name) if isinstance(name, str) else name


def create(refuse):
    """What shows a module. `refuse(name)` raises for the name of an attribute that the program may not use."""
    replaced = {
        ("functools", "update_wrapper"): update_wrapper(refuse),
        ("functools", "wraps"): wraps(refuse),
        ("operator", "attrgetter"): attrgetter(refuse),
        ("operator", "methodcaller"): methodcaller(refuse),
        ("string", "Formatter"): formatter(refuse),
    }
    views = {}

    def show(module):
        view = views.get(module.__name__)
        if view is None:
            if module.__name__ == "typing":
                refuse_evaluation(module.ForwardRef)
            view = views[module.__name__] = view_of(module, replaced, show)
        return view

    return show


def view_of(module, replaced, show):
    def names():
        listed = getattr(module, "__all__", None)
        if listed is None:
            listed = [name for name in vars(module) if not name.startswith("_")]
        return [name for name in listed if not is_left_out(module, name)]

    def look(name):
        name = plain(name)
        value = replaced.get((module.__name__, name))
        if value is not None:
            return value
        if name == "__all__":
            return [name for name in names() if not isinstance(vars(module).get(name), types.ModuleType)]
        below = sys.modules.get(f"{module.__name__}.{name}")
        if below is not None and not name.startswith("_"):
            return show(below)
        if name in ABOUT or name in names():
            value = getattr(module, name)
            if not isinstance(value, types.ModuleType):
                return value
        raise AttributeError(
            f"module {module.__name__!r} shows no {name!r} here: this run is given public names only",
            name=name,
        )

    class View(types.ModuleType):
        def __getattr__(self, name):
            return look(name)

        def __dir__(self):
            return names()

    View.__name__ = View.__qualname__ = "module"
    return View(module.__name__, module.__doc__)


def is_left_out(module, name):
    return name in LEFT_OUT_EVERYWHERE or name in LEFT_OUT.get(module.__name__, ())


def refuse_evaluation(forward_ref):
    """Text of an annotation is not made code either."""

    def evaluate(self, *args, **kwargs):
        raise RuntimeError("Cannot evaluate an annotation: this run makes no code of text")

    forward_ref.evaluate = forward_ref._evaluate = evaluate


# What these answer is a function: an object of the real ones would show their class.
def attrgetter(refuse):
    def checked(*names):
        names = tuple(plain(name) for name in names)
        for name in names:
            for part in str(name).split("."):
                refuse(part)
        get = operator.attrgetter(*names)
        return named(lambda target: get(target), "attrgetter")

    return named(checked, "attrgetter")


def methodcaller(refuse):
    def checked(name, /, *args, **kwargs):
        name = plain(name)
        refuse(name)
        call = operator.methodcaller(name, *args, **kwargs)
        return named(lambda target: call(target), "methodcaller")

    return named(checked, "methodcaller")


def copied(refuse, names):
    """What ordinary decorators copy may be copied, whatever its name."""
    names = tuple(plain(name) for name in names)
    for name in names:
        if name not in functools.WRAPPER_ASSIGNMENTS and name not in functools.WRAPPER_UPDATES:
            refuse(name)
    return names


def update_wrapper(refuse):
    def checked(wrapper, wrapped, assigned=functools.WRAPPER_ASSIGNMENTS, updated=functools.WRAPPER_UPDATES):
        return functools.update_wrapper(wrapper, wrapped, copied(refuse, assigned), copied(refuse, updated))

    return named(checked, "update_wrapper")


def wraps(refuse):
    update = update_wrapper(refuse)

    def checked(wrapped, assigned=functools.WRAPPER_ASSIGNMENTS, updated=functools.WRAPPER_UPDATES):
        assigned, updated = copied(refuse, assigned), copied(refuse, updated)
        return named(lambda wrapper: update(wrapper, wrapped, assigned, updated), "wraps")

    return named(checked, "wraps")


def formatter(refuse):
    get = string.Formatter.get_field

    def get_field(self, field_name, args, kwargs):
        for is_attribute, name in formatter_field_name_split(field_name)[1]:
            if is_attribute:
                refuse(name)
        return get(self, field_name, args, kwargs)

    # Not a class below the real one: that would lead to it.
    members = {name: value for name, value in vars(string.Formatter).items() if callable(value)}
    return type("Formatter", (), {**members, "__module__": "string", "get_field": get_field})


def named(function, name):
    function.__name__ = function.__qualname__ = name
    return function
