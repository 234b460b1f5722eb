"""Forms of a value for people, and figures, as files of the scratch folder: what a notebook would show."""

import base64
import sys

FOLDER = "/tmp/"
#: By the end of the file's name: the method that notebooks call, and whether what it answers is bytes.
FORMS = {
    "png": ("_repr_png_", True),
    "jpg": ("_repr_jpeg_", True),
    "pdf": ("_repr_pdf_", True),
    "svg": ("_repr_svg_", False),
    "html": ("_repr_html_", False),
    "md": ("_repr_markdown_", False),
    "tex": ("_repr_latex_", False),
}
#: By the same: what a `_repr_mimebundle_` calls it.
TYPES = {
    "png": "image/png",
    "jpg": "image/jpeg",
    "pdf": "application/pdf",
    "svg": "image/svg+xml",
    "html": "text/html",
    "md": "text/markdown",
    "tex": "text/latex",
}


def write(value, names):
    """Writes those of `names` that the value has a form for: `value.png` and the like; `figure-1.png` and so on are the open figures."""
    for name in names:
        kind, _, end = name.partition(".")
        if kind == "value" and value is not None:
            keep(name, form_of(value, end), FORMS[end][1])
        elif kind == "figure":
            write_figures(end)


def form_of(value, end):
    bundle = method_of(value, "_repr_mimebundle_")
    if bundle is not None:
        forms = bundle(include=(TYPES[end],))
        forms = forms[0] if isinstance(forms, tuple) else forms
        if isinstance(forms, dict) and TYPES[end] in forms:
            return forms[TYPES[end]]
    method = method_of(value, FORMS[end][0])
    return None if method is None else method()


def method_of(value, name):
    """As notebooks look for it: of objects, not of the classes themselves."""
    if isinstance(value, type) or not hasattr(type(value), name):
        return None
    return getattr(value, name)


def keep(name, form, is_binary):
    if isinstance(form, tuple):
        form = form[0]  # with metadata after it
    if form is None:
        return
    if isinstance(form, str):
        form = base64.b64decode(form) if is_binary else form.encode("utf-8", "surrogatepass")
    with open(FOLDER + name, "wb") as file:
        file.write(form)


def write_figures(end):
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is None:
        return
    for number in pyplot.get_fignums():
        pyplot.figure(number).savefig(f"{FOLDER}figure-{number}.{end}", format=end)
