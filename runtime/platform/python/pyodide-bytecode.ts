// Compiles the Python sources of a wheel, in a worker of its own and as a guest: metered, without a host to call. Nothing of the wheel is run.
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
}

/** Answers frames, see `readFrames`. */
export async function job(input: unknown): Promise<Uint8Array> {
  const { assets, module, maxMemoryBytes, source, files } = input as BytecodeJob; // given by `loadPyodide`
  widenStacks();
  const executor = createPyodideExecutor(openNodeRealm);
  await executor.warmUp({ data: { assets, maxMemoryBytes }, modules: { [MODULE_NAME]: module } });
  const frames: Uint8Array[] = [];
  for (const batch of batchesOf(files)) {
    const result = await executor.execute(
      { data: { code: source, filename: '<compile>', modules: {}, packages: batch }, modules: {} },
      {
        ...REHEARSAL_RUN,
        inputs: { paths: batch.map(({ path }) => path) },
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

/** The files that frames hold: two lengths of four bytes, then the path and the bytes. Paths are taken only below `__pycache__` folders. */
export function readFrames(frames: Uint8Array): readonly PackageFile[] {
  const view = new DataView(frames.buffer, frames.byteOffset, frames.byteLength);
  const files: PackageFile[] = [];
  for (let at = 0; at + 8 <= frames.length; ) {
    const [nameBytes, size] = [view.getUint32(at, true), view.getUint32(at + 4, true)];
    const start = at + 8 + nameBytes;
    const path = new TextDecoder().decode(frames.slice(at + 8, start));
    at = start + size;
    if (at > frames.length) break;
    if (isBytecodePath(path)) files.push({ path, bytes: frames.subarray(start, at), native: false });
  }
  return files;
}

const isBytecodePath = (path: string): boolean => {
  const parts = path.split('/');
  return (
    parts.at(-2) === '__pycache__' && path.endsWith('.pyc') && !parts.includes('..') && !path.startsWith('/')
  );
};
