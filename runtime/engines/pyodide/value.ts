import type { GuestValue } from '../../vocabulary/guest-value.ts';
import { nestsDeeper } from '../../vocabulary/size-of-json.ts';

/** What the runner writes: JSON, and beside it what JSON lacks, by path. */
interface Wire {
  readonly tree: unknown;
  readonly leaves: readonly unknown[];
}

const MAX_DEPTH = 110;

/**
 * Reads a value as the runner wrote it, parsed from JSON. The text came out of the guest's realm: nothing in it is trusted.
 * @throws {TypeError} on anything malformed.
 */
export function readValue(wire: unknown): GuestValue {
  if (!isWire(wire)) throw new TypeError('Cannot read a value: not the wire form');
  // The runner answers nothing of the kind, and to copy it from thread to thread could exhaust the host's stack.
  if (nestsDeeper(wire.tree, MAX_DEPTH)) throw new TypeError('Cannot read a value: nested too deep');
  let value = wire.tree;
  for (const leaf of wire.leaves) {
    if (!Array.isArray(leaf)) throw new TypeError('Cannot read a value: malformed leaf');
    const [path, kind, content]: unknown[] = leaf;
    if (!Array.isArray(path) || path.length > MAX_DEPTH || typeof content !== 'string') {
      throw new TypeError('Cannot read a value: malformed leaf');
    }
    value = withLeaf(value, path, readLeaf(kind, content));
  }
  return value as GuestValue; // JSON.parse gives JSON, and each leaf is one of the other values
}

const isWire = (wire: unknown): wire is Wire =>
  typeof wire === 'object' &&
  wire !== null &&
  'tree' in wire &&
  'leaves' in wire &&
  Array.isArray(wire.leaves);

function withLeaf(root: unknown, path: readonly unknown[], leaf: bigint | number | Uint8Array): unknown {
  if (path.length === 0) return leaf;
  let holder = root;
  for (const [depth, step] of path.entries()) {
    if (typeof holder !== 'object' || holder === null)
      throw new TypeError('Cannot read a value: no such path');
    if (typeof step !== 'string' && typeof step !== 'number')
      throw new TypeError('Cannot read a value: no such path');
    const key = Array.isArray(holder) ? Number(step) : String(step);
    if (!Object.hasOwn(holder, key)) throw new TypeError('Cannot read a value: no such path');
    if (depth < path.length - 1) {
      holder = Reflect.get(holder, key);
    } else {
      // Defines, never assigns: "__proto__" is a name like any other.
      Object.defineProperty(holder, key, {
        value: leaf,
        enumerable: true,
        writable: true,
        configurable: true,
      });
    }
  }
  return root;
}

/** Numbers that JSON does not know. */
const NOT_FINITE: ReadonlyMap<string, number> = new Map([
  ['nan', Number.NaN],
  ['inf', Number.POSITIVE_INFINITY],
  ['-inf', Number.NEGATIVE_INFINITY],
]);

function readLeaf(kind: unknown, content: string): bigint | number | Uint8Array {
  if (kind === 'bytes') return Uint8Array.from(atob(content), (unit) => unit.charCodeAt(0));
  if (kind === 'int') return content.startsWith('-') ? -wholeOf(content.slice(1)) : wholeOf(content);
  const number = kind === 'float' ? NOT_FINITE.get(content) : undefined;
  if (number !== undefined) return number;
  throw new TypeError('Cannot read a value: unknown leaf');
}

/** Only what is written in sixteens: a number in tens takes far more than its length to read. */
function wholeOf(content: string): bigint {
  if (!content.startsWith('0x')) throw new TypeError('Cannot read a value: malformed number');
  return BigInt(content);
}
