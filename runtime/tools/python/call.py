"""Calls the tool of the program before it. What it imports and names stays in the function."""


async def __sandglass_run():
    """One parameter takes all arguments, and so does a first one called args; several take those they name.

    Without run it is the only function that @tool decorates.
    """
    import inspect

    names = globals()
    given = names["sandglass_input"]
    if "run" in names:
        called = names["run"]
        try:
            params = list(inspect.signature(called).parameters.values())
        except TypeError, ValueError:
            params = []
        whole = len(params) < 2 or params[0].name == "args" and "args" not in given
        by_name = not whole and not any(
            one.kind in (one.POSITIONAL_ONLY, one.VAR_POSITIONAL) for one in params
        )
    else:
        tools = [
            one
            for one in names.values()
            if inspect.isfunction(one) and getattr(one, "__sandglass_tool__", False)
        ]
        if len(tools) != 1:
            raise NameError("the tool has no function run(args), and not one function with @tool")
        called, by_name = tools[0], True
    answer = called(**given) if by_name else called(given)
    return await answer if inspect.isawaitable(answer) else answer
