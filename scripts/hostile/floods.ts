import type { Grant } from '../../runtime/index.ts';
import type { IsolationLevel } from '../../runtime/vocabulary/levels.ts';
import type { Limits } from '../../runtime/vocabulary/limits.ts';
import { assemble } from '../../test/support/wasm/assemble.ts';
import { commandAdapter, componentOfCore } from '../tools/build-component.ts';
import { GRANTED_FLOODS, type Servers } from './granted-floods.ts';

interface ScriptProgram {
  readonly language: 'javascript' | 'python';
  readonly code: string;
  readonly grant?: Grant;
  readonly limits?: Partial<Limits>;
  readonly inputs?: Readonly<Record<string, number>>;
}

/** What a guest does to its host for as long as it may. */
export interface Flood {
  readonly name: string;
  readonly engine: 'quickjs' | 'pyodide' | 'preview1' | 'component';
  readonly levels: readonly IsolationLevel[];
  /** Built when it is first asked for. */
  readonly program: (servers: Servers) => Promise<Program>;
}

export type Program = ScriptProgram | { readonly module: Uint8Array };

const OPEN_FILE = `import fs from 'node:fs';
fs.writeFileSync('/tmp/f', new Uint8Array(8 * 1024 * 1024));
const { handle } = await sandglass.call('fs.open', { path: '/tmp/f' });`;
const OPEN_FOLDER = `import fs from 'node:fs';
for (let i = 0; i < 900; i++) fs.mkdirSync('/tmp/d' + i);
const { handle } = await sandglass.call('fs.open', { path: '/tmp', directory: true });`;

const JAVASCRIPT: Readonly<Record<string, string>> = {
  'reads, not awaited': `${OPEN_FILE} for (;;) sandglass.call('fs.read', { handle, offset: 0, length: 8 * 1024 * 1024 });`,
  'reads, all at once': `${OPEN_FILE} const read = () => sandglass.call('fs.read', { handle, offset: 0, length: 8 * 1024 * 1024 });
for (;;) await Promise.all(Array.from({ length: 64 }, read));`,
  'lists, not awaited': `${OPEN_FOLDER} for (;;) sandglass.call('fs.flist', { handle });`,
  'lists, blocking': `${OPEN_FOLDER} for (;;) { try { fs.readdirSync('/tmp'); } catch {} }`,
  'looks, blocking': `import fs from 'node:fs'; for (;;) fs.existsSync('/tmp/none');`,
  'refused calls': `for (;;) sandglass.call('fs.read', { handle: 99, offset: 0, length: 1 }).catch(() => {});`,
  'unknown calls': `for (;;) { try { await sandglass.call('no.such', {}); } catch {} }`,
  'large arguments':
    'const items = Array.from({ length: 400_000 }, () => []); for (;;) { try { await ' +
    `sandglass.call('fs.stat', { path: '/tmp', items }); } catch {} }`,
  digests: `const data = new Uint8Array(8 * 1024 * 1024); for (;;) crypto.subtle.digest('SHA-512', data);`,
  'digests, awaited': `const data = new Uint8Array(8 * 1024 * 1024); for (;;) await crypto.subtle.digest('SHA-512', data);`,
  output: `for (;;) console.log('');`,
  values: `const items = Array.from({ length: 90_000 }, () => 0); for (;;) sandglass.call('fs.stat', { path: '/tmp', items }).catch(() => {});`,
  text: `const data = new Uint8Array(4 * 1024 * 1024).fill(97); for (;;) new TextEncoder().encode(new TextDecoder().decode(data));`,
  timers: `for (;;) { setTimeout(() => {}, 0); await 1; }`,
};

const PYTHON: Readonly<Record<string, string>> = {
  'looks, blocking': `import os\nwhile True:\n    os.path.exists('/data/none')`,
  'tasks, all at once':
    'import asyncio, urllib.request\nfrom sandglass import call_async\nasync def one():\n    try:\n     ' +
    `   await call_async('fs.stat', {'path': '/tmp'})\n    except Exception:\n        pass\nwhile ` +
    'True:\n    await asyncio.gather(*(one() for _ in range(500)))',
  output: `while True:\n    print('', flush=True)`,
  hashes: `import hashlib\ndata = bytes(8 * 1024 * 1024)\nwhile True:\n    hashlib.sha512(data).digest()`,
};

/** Steps of a program against WASI preview 1, again and again; `path` is a text of four letters, `$n` counts. */
const WASI: Readonly<Record<string, readonly [imports: string, before: string, again: string]>> = {
  output: [
    '(import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))',
    '(i32.store (i32.const 0) (i32.const 64)) (i32.store (i32.const 4) (i32.const 1))',
    '(drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))',
  ],
  clocks: [
    '(import "wasi_snapshot_preview1" "clock_time_get" (func $time (param i32 i64 i32) (result i32)))',
    '',
    '(drop (call $time (i32.const 1) (i64.const 0) (i32.const 8)))',
  ],
  random: [
    '(import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))',
    '',
    '(drop (call $random (i32.const 65536) (i32.const 1048576)))',
  ],
  looks: [
    '(import "wasi_snapshot_preview1" "path_filestat_get" (func $look (param i32 i32 i32 i32 i32) (result i32)))',
    '',
    '(drop (call $look (i32.const 3) (i32.const 0) (i32.const 256) (i32.const 4) (i32.const 512)))',
  ],
  lists: [
    `(import "wasi_snapshot_preview1" "path_create_directory" (func $make (param i32 i32 i32) (result i32)))
     (import "wasi_snapshot_preview1" "fd_readdir" (func $list (param i32 i32 i32 i64 i32) (result i32)))`,
    `(local.set $n (i32.const 900))
     (loop $more
       (i32.store8 (i32.const 256) (i32.add (i32.const 97) (i32.rem_u (local.get $n) (i32.const 26))))
       (i32.store8 (i32.const 257) (i32.add (i32.const 97) (i32.rem_u (i32.div_u (local.get $n) (i32.const 26)) (i32.const 26))))
       (i32.store8 (i32.const 258) (i32.add (i32.const 97) (i32.div_u (local.get $n) (i32.const 676))))
       (drop (call $make (i32.const 3) (i32.const 256) (i32.const 4)))
       (br_if $more (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))`,
    '(drop (call $list (i32.const 3) (i32.const 65536) (i32.const 1048576) (i64.const 0) (i32.const 8)))',
  ],
  polls: [
    '(import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))',
    '(i32.store (i32.const 1040) (i32.const 1))',
    '(drop (call $poll (i32.const 1024) (i32.const 2048) (i32.const 1) (i32.const 8)))',
  ],
};

const LEVELS: readonly IsolationLevel[] = ['minimal', 'standard', 'maximum'];
/** Floods that are run at `strict` as well, whose cells are those of `standard`. */
const STRICT: ReadonlySet<string> = new Set(['reads, not awaited', 'lists, blocking']);

const programs = (
  engine: Flood['engine'],
  language: 'javascript' | 'python',
  of: Readonly<Record<string, string>>,
  levels = LEVELS,
): Flood[] =>
  Object.entries(of).map(([name, code]) => ({
    name,
    engine,
    levels: STRICT.has(name) ? [...levels, 'strict'] : levels,
    program: async () => ({ language, code }),
  }));

const core = ([imports, before, again]: readonly [string, string, string]): Promise<
  Uint8Array<ArrayBuffer>
> =>
  assemble(`(module ${imports} (memory (export "memory") 18) (data (i32.const 256) "none")
    (func (export "_start") (local $n i32) ${before} (loop $again ${again} (br $again))))`);

const modules = (engine: 'preview1' | 'component'): Flood[] =>
  Object.entries(WASI).map(([name, text]) => ({
    name,
    engine,
    levels: LEVELS,
    program: async () => {
      const module = await core(text);
      if (engine === 'preview1') return { module };
      const world = { wit: 'package hostile:flood;\nworld flood {}', name: 'flood' };
      return {
        module: await componentOfCore(module, world, { encoding: 'utf8', adapter: await commandAdapter() }),
      };
    },
  }));

export const FLOODS: readonly Flood[] = [
  ...programs('quickjs', 'javascript', JAVASCRIPT),
  {
    name: 'inputs',
    engine: 'quickjs',
    levels: LEVELS,
    program: async () => ({
      language: 'javascript',
      code: 'for (;;);',
      inputs: Object.fromEntries(Array.from({ length: 100_000 }, (_, at) => [`k${at}`, at])),
    }),
  },
  ...programs('pyodide', 'python', PYTHON, ['standard', 'strict', 'maximum']),
  ...modules('preview1'),
  ...modules('component'),
  ...GRANTED_FLOODS,
];
