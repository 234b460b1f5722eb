import { SandglassError } from '../../vocabulary/errors.ts';
import type { BinaryInfo } from '../../wasm/inspect.ts';
import { ABORT_MODULE, ABORT_NAME, ABORT_PARAMS } from './abort-import.ts';
import type { ModuleData } from './module-data.ts';
import { clip, type Signature } from './signature.ts';
import { isWasiFunction, WASI_FUNCTIONS, WASI_MODULE } from './wasi-functions.ts';

const PAGE_BYTES = 65_536;
/** Imports named in a message, and in its details: a module may have a million. */
const NAMED = 12;
const DETAILED = 200;
const SHOWN_NAME = 120;

/**
 * What this engine must know of a module, and whether it can serve it at all: the types of imports are compared with ours, because nothing but a
 * name is checked when a module is instantiated.
 * @throws {SandglassError} MODULE_INVALID naming the imports that nobody here gives.
 */
export function readModule(name: string, { imports, exports, memories }: BinaryInfo): ModuleData {
  const wasi = new Set<string>();
  const unknown: string[] = [];
  let abort = false;
  for (const entry of imports) {
    if (entry.module === WASI_MODULE && isWasi(entry)) wasi.add(entry.name);
    else if (entry.module === ABORT_MODULE && isAbort(entry)) abort = true;
    else unknown.push(clip(`${entry.module}.${entry.name}`, SHOWN_NAME));
  }
  if (unknown.length > 0) {
    const named = unknown.slice(0, NAMED).join(', ');
    throw new SandglassError(
      'MODULE_INVALID',
      `Cannot load "${name}": it imports ${named}${unknown.length > NAMED ? ` and ${unknown.length - NAMED} more` : ''}, which no engine here gives`,
      {
        details: { imports: unknown.slice(0, DETAILED) },
        hint: `Build it for WASI preview 1 (${WASI_MODULE}), or as a component`,
      },
    );
  }
  const memory = exports.some((entry) => entry.name === 'memory' && entry.kind === 'memory');
  if (wasi.size > 0 && !memory && [...wasi].some((used) => used !== 'proc_exit' && used !== 'sched_yield')) {
    throw new SandglassError(
      'MODULE_INVALID',
      `Cannot load "${name}": it imports WASI but exports no memory for it`,
    );
  }
  const functions = exports.flatMap((entry): readonly Signature[] =>
    entry.kind === 'function' ? [{ name: entry.name, params: entry.params, results: entry.results }] : [],
  );
  const minimumBytes = memories.reduce((sum, { minimum }) => sum + minimum * PAGE_BYTES, 0);
  return { name, functions, wasi: [...wasi], abort, minimumBytes };
}

type Import = BinaryInfo['imports'][number];

const isWasi = (entry: Import): boolean => {
  const spec = isWasiFunction(entry.name) ? WASI_FUNCTIONS[entry.name] : undefined;
  if (spec === undefined || entry.kind !== 'function') return false;
  const params = [...spec.params].map((letter) => (letter === 'i' ? 'i32' : 'i64'));
  return same(entry.params, params) && same(entry.results, spec.result ? ['i32'] : []);
};

const isAbort = (entry: Import): boolean =>
  entry.name === ABORT_NAME &&
  entry.kind === 'function' &&
  same(entry.params, ABORT_PARAMS) &&
  entry.results.length === 0;

const same = (left: readonly string[], right: readonly string[]): boolean =>
  left.length === right.length && left.every((item, index) => item === right[index]);
