// Compiles Python sources, of a wheel or of the standard library, in a worker of its own and as a guest: metered, without a host to call.
// None of them is run.
import type { PyodideAssets } from '../../engines/pyodide/assets.ts';
import { createPyodideExecutor } from '../../engines/pyodide/execute.ts';
import { MODULE_NAME } from '../../engines/pyodide/module-name.ts';
import type { PackageFile } from '../../engines/pyodide/packages.ts';
import { REHEARSAL_RUN, silentHost } from '../../engines/pyodide/rehearsal.ts';
import { openNodeRealm } from './node-realm.ts';
import { widenStacks } from './node-stacks.ts';

/** Some 25 G for the largest of the packages that agents ask for. */
const COMPILE_FUEL = 200_000_000_000;
/** Of all bytecode of one batch. */
const MAX_BYTES = 64 * 1024 * 1024;

/** Sources that are compiled in one guest. */
const BATCH_BYTES = 3 * 1024 * 1024;

export interface BytecodeJob {
  readonly assets: PyodideAssets;
  readonly module: WebAssembly.Module;
  readonly maxMemoryBytes: number;
  /** The Python program that compiles. */
  readonly source: string;
  /** Python files of the wheel. */
  readonly files: readonly PackageFile[];
  /** Modules of the standard library, in place of files. */
  readonly names?: readonly string[];
}

/** What was compiled of a wheel. */
export interface WheelBytecode {
  readonly files: readonly PackageFile[];
  /** What its modules import when they are loaded, by absolute names. */
  readonly imports: readonly string[];
}

/** Answers frames, see `framesIn`. */
export async function job(input: unknown): Promise<Uint8Array> {
  const { assets, module, maxMemoryBytes, source, files, names } = input as BytecodeJob; // given by `loadPyodide`
  widenStacks();
  const executor = createPyodideExecutor(openNodeRealm);
  await executor.warmUp({ data: { assets, maxMemoryBytes }, modules: { [MODULE_NAME]: module } });
  const frames: Uint8Array[] = [];
  for (const batch of names === undefined ? batchesOf(files) : [[]]) {
    const result = await executor.execute(
      { data: { code: source, filename: '<compile>', modules: {}, packages: batch }, modules: {} },
      {
        ...REHEARSAL_RUN,
        inputs: { paths: batch.map(({ path }) => path), names: [...(names ?? [])] },
        limits: {
          ...REHEARSAL_RUN.limits,
          fuel: COMPILE_FUEL,
          memoryBytes: maxMemoryBytes,
          outputBytes: MAX_BYTES,
        },
      },
      silentHost(),
    );
    if (result.kind !== 'value' || !(result.value instanceof Uint8Array))
      throw new Error(`Cannot compile a package: it ended as ${result.kind}`);
    frames.push(result.value);
  }
  return joined(frames);
}

/** In parts of which each, compiled, fits one guest. */
function batchesOf(files: readonly PackageFile[]): PackageFile[][] {
  const batches: PackageFile[][] = [];
  let room = 0;
  for (const file of files) {
    if (room < file.bytes.length || batches.length === 0) {
      batches.push([]);
      room = BATCH_BYTES;
    }
    batches.at(-1)?.push(file);
    room -= file.bytes.length;
  }
  return batches;
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

interface Frame {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** With the lengths and the name. */
  readonly whole: Uint8Array;
}

/** Two lengths of four bytes, then the name and the bytes; one that is cut short ends it. */
export function framesIn(frames: Uint8Array): readonly Frame[] {
  const view = new DataView(frames.buffer, frames.byteOffset, frames.byteLength);
  const found: Frame[] = [];
  for (let at = 0; at + 8 <= frames.length; ) {
    const [nameBytes, size] = [view.getUint32(at, true), view.getUint32(at + 4, true)];
    const start = at + 8 + nameBytes;
    const name = new TextDecoder().decode(frames.slice(at + 8, start));
    const end = start + size;
    if (end > frames.length) break;
    found.push({ name, bytes: frames.subarray(start, end), whole: frames.subarray(at, end) });
    at = end;
  }
  return found;
}

/** What frames of a wheel hold. Paths are taken only below `__pycache__` folders. */
export function readFrames(frames: Uint8Array): WheelBytecode {
  const files: PackageFile[] = [];
  const imports: string[] = [];
  for (const { name, bytes } of framesIn(frames)) {
    if (name === IMPORTS) imports.push(...new TextDecoder().decode(bytes.slice()).split(' '));
    else if (isBytecodePath(name)) files.push({ path: name, bytes, native: false });
  }
  return { files, imports };
}

/** The name of the frame that is no file. */
const IMPORTS = 'imports';

const isBytecodePath = (path: string): boolean => {
  const parts = path.split('/');
  return (
    parts.at(-2) === '__pycache__' && path.endsWith('.pyc') && !parts.includes('..') && !path.startsWith('/')
  );
};
