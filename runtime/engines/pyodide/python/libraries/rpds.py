"""The persistent collections of rpds, in Python: what jsonschema and referencing keep their registries in. Each change answers a new one."""

from collections.abc import Mapping as _Mapping

__all__ = ["HashTrieMap", "HashTrieSet", "List", "Queue", "Stack"]


class HashTrieMap(_Mapping):
    __slots__ = ("_items",)

    def __init__(self, value=(), **kwds):
        self._items = dict(value, **kwds)

    @classmethod
    def convert(cls, value):
        return value if isinstance(value, cls) else cls(value)

    @classmethod
    def fromkeys(cls, keys, val=None):
        return cls(dict.fromkeys(keys, val))

    def __getitem__(self, key):
        return self._items[key]

    def __iter__(self):
        return iter(self._items)

    def __len__(self):
        return len(self._items)

    def __contains__(self, key):
        return key in self._items

    def __eq__(self, other):
        return self._items == other._items if isinstance(other, HashTrieMap) else NotImplemented

    def __hash__(self):
        return hash(frozenset(self._items.items()))

    def __repr__(self):
        return f"HashTrieMap({self._items!r})"

    def __reduce__(self):
        return type(self), (self._items,)

    def insert(self, key, val):
        return type(self)({**self._items, key: val})

    def update(self, *maps, **kwds):
        whole = dict(self._items)
        for each in maps:
            whole.update(each)
        return type(self)(whole, **kwds)

    def remove(self, key):
        rest = dict(self._items)
        del rest[key]
        return type(self)(rest)

    def discard(self, key):
        return self.remove(key) if key in self._items else self


class HashTrieSet(frozenset):
    __slots__ = ()

    def __repr__(self):
        return f"HashTrieSet({{{', '.join(map(repr, self))}}})"

    def __reduce__(self):
        return type(self), (list(self),)

    def insert(self, value):
        return type(self)(frozenset.union(self, (value,)))

    def update(self, *iterables):
        return type(self)(frozenset.union(self, *iterables))

    def remove(self, value):
        if value not in self:
            raise KeyError(value)
        return self.discard(value)

    def discard(self, value):
        return type(self)(frozenset.difference(self, (value,)))

    def union(self, *others):
        return type(self)(frozenset.union(self, *others))

    def intersection(self, *others):
        return type(self)(frozenset.intersection(self, *others))

    def difference(self, *others):
        return type(self)(frozenset.difference(self, *others))

    def symmetric_difference(self, other):
        return type(self)(frozenset.symmetric_difference(self, other))

    __or__, __and__, __sub__, __xor__ = union, intersection, difference, symmetric_difference


class _Linked:
    """Values from the one at hand on: a pair of it and what comes after it."""

    __slots__ = ("_pair", "_size")

    def __init__(self, value=(), *more):
        self._pair, self._size = None, 0
        for each in self._ordered([value, *more] if more else list(value)):
            self._pair, self._size = (each, self._pair), self._size + 1

    _ordered = staticmethod(reversed)

    def _made(self, pair, size):
        made = object.__new__(type(self))
        made._pair, made._size = pair, size
        return made

    def _with(self, value):
        return self._made((value, self._pair), self._size + 1)

    def _first(self, message):
        if self._pair is None:
            raise IndexError(message)
        return self._pair[0]

    def _rest(self, message):
        self._first(message)
        return self._made(self._pair[1], self._size - 1)

    def __iter__(self):
        pair = self._pair
        while pair is not None:
            yield pair[0]
            pair = pair[1]

    def __reversed__(self):
        return reversed(list(self))

    def __len__(self):
        return self._size

    def __eq__(self, other):
        return list(self) == list(other) if isinstance(other, type(self)) else NotImplemented

    def __hash__(self):
        return hash((type(self), *self))


class List(_Linked):
    __slots__ = ()

    push_front = _Linked._with

    def __repr__(self):
        return f"List([{', '.join(map(repr, self))}])"

    def __reduce__(self):
        return List, (list(self),)

    @property
    def first(self):
        return self._first("empty list has no first element")

    @property
    def rest(self):
        return self._rest("") if self._size else self

    def drop_first(self):
        return self._rest("empty list has no first element")


class Stack(_Linked):
    __slots__ = ()

    push = _Linked._with
    _ordered = staticmethod(iter)

    def __repr__(self):
        return f"Stack([{', '.join(map(repr, reversed(self)))}])"

    def __reduce__(self):
        return Stack, (list(reversed(self)),)

    def pop(self):
        return self._rest("popped an empty stack")

    def peek(self):
        return self._first("peeked an empty stack")


class Queue:
    """Two lists: what leaves next, and what has come since, the last one first."""

    __slots__ = ("_back", "_front")

    def __init__(self, value=(), *more):
        self._front, self._back = List(value, *more), List()

    def _made(self, front, back):
        made = object.__new__(type(self))
        made._front, made._back = (front, back) if len(front) else (List(reversed(back)), List())
        return made

    def enqueue(self, value):
        return self._made(self._front, self._back.push_front(value))

    def dequeue(self):
        if self.is_empty():
            raise IndexError("dequeued an empty queue")
        return self._made(self._front.rest, self._back)

    def peek(self):
        if self.is_empty():
            raise IndexError("peeked an empty queue")
        return self._front.first

    def is_empty(self):
        return len(self) == 0

    def __len__(self):
        return len(self._front) + len(self._back)

    def __iter__(self):
        yield from self._front
        yield from reversed(self._back)

    def __eq__(self, other):
        return list(self) == list(other) if isinstance(other, Queue) else NotImplemented

    def __hash__(self):
        return hash((Queue, *self))

    def __repr__(self):
        return f"Queue([{', '.join(map(repr, self))}])"

    def __reduce__(self):
        return type(self), (list(self),)
