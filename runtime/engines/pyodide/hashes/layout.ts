/**
 * Where CPython 3.14 keeps what it has hashed, on a machine with words of 4 bytes. Offsets in bytes, from its headers: `unicodeobject.h`,
 * `bytesobject.h`, `tupleobject.h`, `setobject.h`, `pycore_dict.h`, `odictobject.c`, `pycore_hashtable.h`, `datetime.h`, `weakrefobject.h`,
 * `pycore_gc.h`, `cpython/object.h`. `checkLayout` compares them with what the interpreter says of itself.
 */
import type { Heap } from './heap.ts';

export const WORD = 4;
/** What a hash is before it is asked for. */
export const NO_HASH = 0xffff_ffff;

export const OBJECT = { references: 0, type: 4, size: 8 } as const;
export const TEXT = { length: 8, hash: 12, state: 16, asciiData: 20, compactData: 28, data: 28 } as const;
export const BYTES = { length: 8, hash: 12, data: 16 } as const;
export const TUPLE = { hash: 12 } as const;
export const SET = { fill: 8, used: 12, mask: 16, table: 20, hash: 24, finger: 28 } as const;
/** `datetime.date`, `time`, `timedelta` and what is made of them. */
export const DATE = { hash: 8 } as const;
export const WEAK_REFERENCE = { object: 8, callback: 12, hash: 16 } as const;
/** The two links before an object that the collector looks after; their low bits are flags. */
export const COLLECTOR = { next: 0, previous: 4, bytes: 8, flags: 3 } as const;
export const SET_ENTRY = { key: 0, hash: 4, bytes: 8 } as const;
export const DICT = { keys: 24 } as const;
export const KEYS = {
  references: 0,
  logSize: 4,
  logIndexBytes: 5,
  kind: 6,
  usable: 12,
  entries: 16,
  indices: 20,
} as const;
/** Kinds of keys: entries of 12 bytes (hash, key, value), or of 8 (key, value) whose keys are all `str`. */
export const GENERAL_KEYS = 0;
export const SPLIT_KEYS = 2;
export const ORDERED_DICT = { first: 32 } as const;
export const ORDERED_NODE = { key: 0, hash: 4, next: 8 } as const;
export const C_TABLE = { entries: 0, buckets: 4, heads: 8 } as const;
export const C_ENTRY = { next: 0, hash: 4, key: 8 } as const;
export const TYPE = { name: 12, basicSize: 16, flags: 84, mro: 172, cachedKeys: 440 } as const;
export const TUPLE_ITEMS = 16;

export const FLAG = { heap: 1 << 9, ready: 1 << 12, type: 0x8000_0000 } as const;

/** Of `_Py_HashSecret`. */
export const SECRET_BYTES = 24;

const SIZES = [
  ['PyUnicode_Type', 32],
  ['PyBytes_Type', 17],
  ['PyTuple_Type', 16],
  ['PyDict_Type', 32],
  ['PyODict_Type', 64],
  ['PySet_Type', 100],
  ['PyFrozenSet_Type', 100],
] as const;

/** @throws {Error} when this is not the interpreter whose layout is written here. */
export function checkLayout(heap: Heap): void {
  for (const [name, expected] of SIZES) {
    const size = heap.words[(heap.address(name) + TYPE.basicSize) >>> 2];
    if (size !== expected) throw new Error(`its ${name} has ${size} bytes, not ${expected}`);
  }
}
