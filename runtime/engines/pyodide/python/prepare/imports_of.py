"""Which modules a module imports when it is loaded, read from its bytecode."""


def imports_of(code, package):
    """Absolute names, those of `from x import y` both as x and as x.y. What functions import when they are called is not among them."""
    import dis

    found, todo = {}, [code]
    while todo:
        code = todo.pop()
        todo += [
            part for part in code.co_consts if hasattr(part, "co_code") and not part.co_flags & 3
        ]  # bodies of classes
        before = [None, None]
        for step in dis.get_instructions(code):
            if step.opname == "IMPORT_NAME":
                level, parts = before
                if level and not package:
                    continue
                base = package.split(".")[: package.count(".") + 2 - level] if level else []
                name = ".".join([*base, *filter(None, [step.argval])])
                found[name] = None
                found.update((f"{name}.{part}", None) for part in parts or () if part != "*")
            if step.opname != "EXTENDED_ARG":
                before = [before[1], step.argval]
    return list(found)
