/** All that an interpreter starts from. The same for every guest; holds nothing of any. Can be sent to a cell as it is. */
export interface PyodideAssets {
  /** Changed for the realm, see `realmScripts`. */
  readonly loader: string;
  readonly glue: string;
  /** The standard library, zipped. */
  readonly stdlib: Uint8Array;
  /** JSON: what the interpreter is told of packages. */
  readonly lockFile: string;
  readonly snapshot: Snapshot | undefined;
  /** What V8 compiled of the scripts, by file name; it takes none that is not of its own version and flags. */
  readonly code?: CompiledScripts;
}

export type CompiledScripts = Readonly<Record<string, Uint8Array>>;

/** A started interpreter's memory: the parts of it that are not zero, one after another. */
export interface Snapshot {
  /** Pyodide's own description of the JavaScript objects that the memory refers to. */
  readonly header: Uint8Array;
  /** Size of the whole memory, bytes; whole pages. */
  readonly memoryBytes: number;
  /** Pairs of offset and length, bytes. */
  readonly runs: Uint32Array;
  readonly data: Uint8Array;
  /** Where its hashes are, as `encodePlan` writes it; empty: they stay as they are. */
  readonly hashes: Uint32Array;
}

const HEADER_MAGIC = 0x706e7300;
/** Zeros shorter than this are kept: fewer, longer copies are faster. */
const GAP_BYTES = 256;

/** Splits what Pyodide's `makeMemorySnapshot` gives into its header and the parts of the memory that hold something. */
export function packSnapshot(whole: Uint8Array<ArrayBuffer>): Omit<Snapshot, 'hashes'> {
  const words = new Uint32Array(whole.buffer, whole.byteOffset, 4);
  const [magic, headerBytes] = words;
  if (magic !== HEADER_MAGIC || headerBytes === undefined) {
    throw new Error(`Cannot pack a snapshot: unknown format ${magic?.toString(16)}`);
  }
  const memory = whole.subarray(headerBytes);
  const runs: number[] = [];
  let total = 0;
  const wide = new Uint32Array(memory.buffer, memory.byteOffset, memory.length >>> 2);
  const gap = GAP_BYTES >>> 2;
  for (let at = 0; at < wide.length; ) {
    if (wide[at] === 0) {
      at++;
      continue;
    }
    let end = at + 1;
    for (let next = end; next < wide.length && next - end < gap; next++) if (wide[next] !== 0) end = next + 1;
    runs.push(at * 4, (end - at) * 4);
    total += (end - at) * 4;
    at = end;
  }
  const data = new Uint8Array(total);
  let filled = 0;
  for (let index = 0; index < runs.length; index += 2) {
    const [offset = 0, length = 0] = [runs[index], runs[index + 1]];
    data.set(memory.subarray(offset, offset + length), filled);
    filled += length;
  }
  return {
    header: whole.slice(0, headerBytes),
    memoryBytes: memory.length,
    runs: Uint32Array.from(runs),
    data,
  };
}

/**
 * Writes a snapshot's memory over all of a memory, which is at least as large. From `untouched` on, the memory holds nothing yet: what the
 * snapshot does not fill there stays as it is, and costs no pages.
 */
export function restoreSnapshot(snapshot: Snapshot, memory: Uint8Array, untouched = memory.length): void {
  const { runs, data } = snapshot;
  let taken = 0;
  let filled = 0;
  for (let index = 0; index < runs.length; index += 2) {
    const [offset = 0, length = 0] = [runs[index], runs[index + 1]];
    if (filled < untouched) memory.fill(0, filled, Math.min(offset, untouched)); // the module's own data segments are there already
    memory.set(data.subarray(taken, taken + length), offset);
    taken += length;
    filled = offset + length;
  }
  if (filled < untouched) memory.fill(0, filled, untouched);
}

const LENGTHS = 5;

/** One block of bytes: five lengths (header, memory, runs, data, hashes), then header, runs, data and hashes; each starts on a whole word. */
export function encodeSnapshot(snapshot: Snapshot): Uint8Array<ArrayBuffer> {
  const { header, memoryBytes, runs, data, hashes } = snapshot;
  const starts = layout(header.length, runs.byteLength, data.length, hashes.byteLength);
  const block = new Uint8Array(starts.end);
  new Uint32Array(block.buffer, 0, LENGTHS).set([
    header.length,
    memoryBytes,
    runs.byteLength,
    data.length,
    hashes.byteLength,
  ]);
  block.set(header, starts.header);
  block.set(new Uint8Array(runs.buffer, runs.byteOffset, runs.byteLength), starts.runs);
  block.set(data, starts.data);
  block.set(new Uint8Array(hashes.buffer, hashes.byteOffset, hashes.byteLength), starts.hashes);
  return block;
}

/** Views of what `encodeSnapshot` wrote, without a copy. */
export function decodeSnapshot(block: Uint8Array): Snapshot {
  const [header = 0, memoryBytes = 0, runs = 0, data = 0, hashes = 0] = new Uint32Array(
    block.buffer,
    block.byteOffset,
    LENGTHS,
  );
  const starts = layout(header, runs, data, hashes);
  if (starts.end !== block.length) throw new Error('Cannot read a snapshot: its length does not fit');
  return {
    header: block.subarray(starts.header, starts.header + header),
    memoryBytes,
    runs: new Uint32Array(block.buffer, block.byteOffset + starts.runs, runs / 4),
    data: block.subarray(starts.data, starts.data + data),
    hashes: new Uint32Array(block.buffer, block.byteOffset + starts.hashes, hashes / 4),
  };
}

function layout(
  header: number,
  runs: number,
  data: number,
  hashes: number,
): { header: number; runs: number; data: number; hashes: number; end: number } {
  const whole = (bytes: number): number => Math.ceil(bytes / 4) * 4;
  const first = LENGTHS * 4;
  const second = first + whole(header);
  const third = second + whole(runs);
  const fourth = third + whole(data);
  return { header: first, runs: second, data: third, hashes: fourth, end: fourth + hashes };
}

const NAMES = ['memory.js', 'boot.js', 'parts.js', 'pyodide.js', 'pyodide.asm.js'] as const;

/** One block of bytes: the length of each script's code, then the codes; each starts on a multiple of eight. */
export function encodeScripts(scripts: CompiledScripts): Uint8Array<ArrayBuffer> {
  const codes = NAMES.map((name) => scripts[name] ?? new Uint8Array());
  const starts = scriptStarts(codes.map((code) => code.length));
  const block = new Uint8Array(starts.end);
  new Uint32Array(block.buffer, 0, NAMES.length).set(codes.map((code) => code.length));
  for (const [index, code] of codes.entries()) block.set(code, starts.at[index]);
  return block;
}

/** Views of what `encodeScripts` wrote, without a copy. */
export function decodeScripts(block: Uint8Array): CompiledScripts {
  const lengths = [...new Uint32Array(block.buffer, block.byteOffset, NAMES.length)];
  const starts = scriptStarts(lengths);
  if (starts.end !== block.length) throw new Error('Cannot read compiled scripts: their length does not fit');
  const code = (index: number): Uint8Array => {
    const start = starts.at[index] ?? 0;
    return block.subarray(start, start + (lengths[index] ?? 0));
  };
  return Object.fromEntries(NAMES.map((name, index) => [name, code(index)]));
}

function scriptStarts(lengths: readonly number[]): { at: readonly number[]; end: number } {
  const at: number[] = [];
  let end = Math.ceil((NAMES.length * 4) / 8) * 8;
  for (const length of lengths) {
    at.push(end);
    end += Math.ceil(length / 8) * 8;
  }
  return { at, end };
}

/** Moves bytes into shared memory, so that cells get them without a copy. No guest ever sees these buffers. */
export function shareBytes(bytes: Uint8Array): Uint8Array {
  if (typeof SharedArrayBuffer === 'undefined') return bytes;
  const shared = new Uint8Array(new SharedArrayBuffer(bytes.byteLength));
  shared.set(bytes);
  return shared;
}
