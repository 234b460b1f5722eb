"""What schemathesis sends as a module: texts as they are made, and modules with them inside."""

import schemathesis

MAGIC = b"\0asm\1\0\0\0"


def custom_section(content: bytes) -> bytes:
    """A section that may hold anything, named "a"; what is over 100 bytes is left out."""
    body = b"\x01a" + content[:100]
    return bytes([0, len(body)]) + body


@schemathesis.serializer("application/wasm")
def wasm(ctx, value):
    text = value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogatepass")
    if len(text) % 2 == 0:
        return text
    return MAGIC + custom_section(text) + (text if len(text) % 3 == 0 else b"")
