import type { GuestValue, HostFunction, Outcome, RunBase, RunOptions } from '../../runtime/index.ts';
import { loadGuest } from '../../scripts/build-guests.ts';
import { commandGuest, probeGuest, wat } from '../guests/component/build.ts';

/** Of an exported function, in place of a program. */
type Call = RunBase & { readonly invoke: string; readonly args?: readonly GuestValue[] };

export const MIB = 1024 * 1024;

/** What reached `echo`, in order. */
export const asked: string[] = [];

/** A host function that counts the arguments it is told; `echo.never` it does not answer. */
export const echo: HostFunction = {
  name: 'echo',
  network: false,
  operations: {
    'echo.back': { capability: 'echo', kind: 'act' },
    'echo.never': { capability: 'echo', kind: 'act' },
  },
  open: () => ({
    call: (operation, { args }) => {
      asked.push(operation);
      return operation === 'echo.never' ? new Promise(() => undefined) : { value: Object.keys(args).length };
    },
    close: () => undefined,
  }),
};

const RECURSION = `(component
  (core module $m (func $f (export "f") (param i32) (result i32) (i32.add (call $f (local.get 0)) (local.get 0))))
  (core instance $i (instantiate $m))
  (func (export "down") (param "a" s32) (result s32) (canon lift (core func $i "f"))))`;

const wasm: Readonly<Record<string, Uint8Array>> = {
  spin: await loadGuest('preview1/spin.wat'),
  grow: await loadGuest('preview1/grow.wat'),
  recurse: await loadGuest('preview1/recurse.wat'),
  flood: await loadGuest('preview1/flood.wat'),
  holds30: await wat('(module (memory (export "memory") 480) (func (export "_start")))'),
  command: await commandGuest(),
  probe: await probeGuest(),
  recursion: await wat(RECURSION),
};

export const js = (code: string): RunOptions => ({ language: 'javascript', code });
export const py = (code: string): RunOptions => ({ language: 'python', code });

/** A built guest by its name; one that is not there is no module. */
export const module = (name: string, more: RunBase | Call = {}): RunOptions => ({
  module: wasm[name] ?? new Uint8Array(),
  ...more,
});

/** A run of each kind of guest that ends well within any limit. */
export const GOOD: Readonly<Record<string, () => RunOptions>> = {
  javascript: () => js('1'),
  python: () => py('1'),
  preview1: () => module('holds30'),
  component: () => module('command', { argv: ['print', '', ''] }),
};

export const codeOf = (outcome: Outcome): string => (outcome.ok ? 'ok' : outcome.error.code);
