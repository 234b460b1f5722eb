import { SandglassError } from '../../vocabulary/errors.ts';
import type { BinaryInfo } from '../../wasm/inspect.ts';
import { ABORT_MODULE, ABORT_NAME, ABORT_PARAMS } from './abort-import.ts';
import { type ForeignImport, unknownError } from './check-foreign.ts';
import type { ModuleData } from './module-data.ts';
import { CALL_MODULE, CALL_NAME, CALL_PARAMS, CALL_RESULTS } from './own-call.ts';
import type { Signature } from './signature.ts';
import { isWasiFunction, WASI_FUNCTIONS, WASI_MODULE } from './wasi-functions.ts';

const PAGE_BYTES = 65_536;
/** Functions that a module may import beside WASI's: each is made for every run. */
const MOST_FOREIGN = 10_000;

/**
 * What this engine must know of a module: the types of imports are compared with ours, because nothing but a name is checked when a module is
 * instantiated. Other functions that it imports are for the options of a run to give.
 * @throws {SandglassError} MODULE_INVALID naming imports that nobody can give: memories, tables, globals.
 */
export function readModule(name: string, { imports, exports, memories }: BinaryInfo): ModuleData {
  const wasi = new Set<string>();
  /** Names of all that are not of WASI, and whether nobody can give one of them. */
  const others: string[] = [];
  let impossible = false;
  const foreign: ForeignImport[] = [];
  let abort = false;
  let call = false;
  for (const entry of imports) {
    if (entry.module === WASI_MODULE && isWasi(entry)) wasi.add(entry.name);
    else if (entry.module === ABORT_MODULE && isAbort(entry)) abort = true;
    else if (entry.module === CALL_MODULE && isCall(entry)) call = true;
    else {
      const { module, name: field } = entry;
      others.push(`${module}.${field}`);
      if (entry.kind === 'function' && foreign.length < MOST_FOREIGN) {
        const { params, results } = entry;
        foreign.push({ module, field, name: `${module}.${field}`, params, results });
      } else impossible = true;
    }
  }
  if (impossible) throw unknownError(name, others);
  const memory = exports.some((entry) => entry.name === 'memory' && entry.kind === 'memory');
  if (call && !memory)
    throw new SandglassError(
      'MODULE_INVALID',
      `Cannot load "${name}": it imports ${CALL_MODULE}.${CALL_NAME} but exports no memory for it`,
    );
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
  return { name, functions, wasi: [...wasi], abort, call, foreign, minimumBytes };
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

const isCall = (entry: Import): boolean =>
  entry.name === CALL_NAME &&
  entry.kind === 'function' &&
  same(entry.params, CALL_PARAMS) &&
  same(entry.results, CALL_RESULTS);

const same = (left: readonly string[], right: readonly string[]): boolean =>
  left.length === right.length && left.every((item, index) => item === right[index]);
