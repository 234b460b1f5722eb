"""What hashlib has of OpenSSL elsewhere: keys from passwords, over the hashes that are here."""

import hashlib
import hmac
import struct


def bytes_of(value, name):
    if isinstance(value, str):
        raise TypeError(f"{name} must be a bytes-like object, not str")
    return bytes(memoryview(value))


def pbkdf2_hmac(hash_name, password, salt, iterations, dklen=None):
    """RFC 8018, 5.2."""
    if not isinstance(hash_name, str):
        raise TypeError(f"pbkdf2_hmac() argument 'hash_name' must be str, not {type(hash_name).__name__}")
    password, salt = bytes_of(password, "password"), bytes_of(salt, "salt")
    if iterations < 1:
        raise ValueError("iteration value must be greater than 0.")
    plain = hashlib.new(hash_name)
    dklen = plain.digest_size if dklen is None else dklen
    if dklen < 1:
        raise ValueError("key length must be greater than 0.")
    if len(password) > plain.block_size:
        password = hashlib.new(hash_name, password).digest()
    password = password.ljust(plain.block_size, b"\0")
    inner, outer = plain.copy(), plain.copy()
    inner.update(password.translate(hmac.trans_36))
    outer.update(password.translate(hmac.trans_5C))
    key = b""
    block = 0
    while len(key) < dklen:
        block += 1
        last = prf(inner, outer, salt + block.to_bytes(4, "big"))
        sum = int.from_bytes(last, "big")
        for _ in range(iterations - 1):
            first, second = inner.copy(), outer.copy()
            first.update(last)
            second.update(first.digest())
            last = second.digest()
            sum ^= int.from_bytes(last, "big")
        key += sum.to_bytes(plain.digest_size, "big")
    return key[:dklen]


def prf(inner, outer, message):
    first, second = inner.copy(), outer.copy()
    first.update(message)
    second.update(first.digest())
    return second.digest()


#: RFC 7914, 3: which words of sixteen make which, and by how much they are turned.
QUARTERS = (
    (0, 4, 8, 12), (5, 9, 13, 1), (10, 14, 2, 6), (15, 3, 7, 11),
    (0, 1, 2, 3), (5, 6, 7, 4), (10, 11, 8, 9), (15, 12, 13, 14),
)  # fmt: skip


def salsa_source():
    """Salsa20/8 over sixteen words, written out: a loop over the tables takes several times as much."""
    words = [f"x{i}" for i in range(16)]
    lines = ["def salsa(b):", f"    {', '.join(words)} = b"]
    for a, b, c, d in QUARTERS:
        for into, one, two, turn in ((b, a, d, 7), (c, b, a, 9), (d, c, b, 13), (a, d, c, 18)):
            lines.append(f"        t = x{one} + x{two} & 0xffffffff")
            lines.append(f"        x{into} ^= t << {turn} & 0xffffffff | t >> {32 - turn}")
    lines.insert(2, "    for _ in range(4):")
    sums = ", ".join(f"x{i} + b[{i}] & 0xffffffff" for i in range(16))
    return "\n".join([*lines, f"    return {sums}", ""])


salsa = None


def mix_blocks(words, r):
    """BlockMix over 2 * r blocks of sixteen words."""
    last = words[-16:]
    even, odd = [], []
    for start in range(0, 32 * r, 16):
        last = salsa([a ^ b for a, b in zip(last, words[start : start + 16], strict=True)])
        (odd if start & 16 else even).extend(last)
    return even + odd


def scrypt(password, *, salt=None, n=None, r=None, p=None, maxmem=0, dklen=64):
    """RFC 7914."""
    global salsa
    password = bytes_of(password, "password")
    for name, value in (("salt", salt), ("n", n), ("r", r), ("p", p)):
        if value is None:
            raise TypeError(f"{name} is required")
    salt = bytes_of(salt, "salt")
    if n < 2 or n & (n - 1):
        raise ValueError("n must be a power of 2.")
    if r < 1 or p < 1 or r * p >= 1 << 30:
        raise ValueError("Invalid parameter combination for n, r, p and maxmem.")
    if 128 * r * (n + p + 2) > (maxmem or 32 * 1024 * 1024):
        raise ValueError("memory limit exceeded")
    if salsa is None:
        names = {}
        exec(salsa_source(), names)
        salsa = names["salsa"]
    key = pbkdf2_hmac("sha256", password, salt, 1, p * 128 * r)
    shape = f"<{32 * r}I"
    mixed = b""
    for start in range(0, len(key), 128 * r):
        words = list(struct.unpack(shape, key[start : start + 128 * r]))
        kept = []
        for _ in range(n):
            kept.append(words)
            words = mix_blocks(words, r)
        for _ in range(n):
            other = kept[words[-16] & (n - 1)]
            words = mix_blocks([a ^ b for a, b in zip(words, other, strict=True)], r)
        mixed += struct.pack(shape, *words)
    return pbkdf2_hmac("sha256", password, mixed, 1, dklen)


def install():
    for function in (pbkdf2_hmac, scrypt):
        if not hasattr(hashlib, function.__name__):
            setattr(hashlib, function.__name__, function)
            hashlib.__all__ = (*hashlib.__all__, function.__name__)
