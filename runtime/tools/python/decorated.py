"""What a file with @tool finds where one of its functions is called: a decorator that changes nothing."""

import sandglass


def tool(function=None, **fields):
    return function if function is not None else (lambda decorated: decorated)


sandglass.tool = tool
