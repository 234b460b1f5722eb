import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import process from 'node:process';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import wabt from 'wabt';
import { createRuntime, type Runtime } from '../../runtime/index.ts';
import { wat } from '../guests/component/build.ts';
import { verifies } from '../support/verifies.ts';

/** Guests with no grant in each cell: a file must not appear, a variable not be read, a server see nobody. */
let runtime: Runtime;
let folder: string;
let server: Server;
let port = 0;
let connections = 0;

beforeAll(async () => {
  runtime = createRuntime();
  // Not below /tmp, where each guest has a folder of its own.
  folder = mkdtempSync('/var/tmp/sandglass-ambient-');
  process.env.SANDGLASS_CANARY = 'canary-value';
  server = createServer(() => {
    connections += 1;
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  port = typeof address === 'object' && address !== null ? address.port : 0;
});
afterAll(async () => {
  await runtime.close();
  delete process.env.SANDGLASS_CANARY;
  await new Promise((resolve) => server.close(resolve));
  rmSync(folder, { recursive: true });
});

const untouched = (outcome: unknown): void => {
  expect(JSON.stringify(outcome)).not.toContain('canary-value');
  expect(existsSync(join(folder, 'canary'))).toBe(false);
  expect(readdirSync(folder)).toEqual([]);
  expect(connections).toBe(0);
};

const LEVELS = ['minimal', 'standard', 'strict', 'maximum'] as const;

describe.each(LEVELS)('at level %s', verifies('EX-15', 'EX-16', 'PM-01'), (level) => {
  test.each(['javascript', 'typescript'])('%s has no name of the host', async (language) => {
    // `process`, `require` and the like are the guest's own: node-names.test.ts.
    const names =
      'Worker SharedWorker WebAssembly Deno Bun document window importScripts XMLHttpRequest postMessage std bjson scriptArgs gc'.split(
        ' ',
      );
    const outcome = await runtime.run({
      language,
      code: `[${names.map((name) => `typeof ${name}`)}]`,
      level,
    });
    expect(outcome).toMatchObject({ ok: true, value: names.map(() => 'undefined') });
  });

  test.each([
    ['fetch', 'http', () => `await fetch('http://127.0.0.1:${port}/')`],
    [
      'a web socket',
      'ws',
      () =>
        `await new Promise((_, no) => { new WebSocket('ws://127.0.0.1:${port}/').onerror = ({ error }) => no(error) })`,
    ],
    ['a file', 'fs.read', () => "await fs.readFile('/proc/self/environ', 'utf8')"],
    ['a new file', 'fs.write', () => `await fs.writeFile(${JSON.stringify(join(folder, 'canary'))}, 'x')`],
  ])('JavaScript has the name of %s, and is denied its use', async (_name, capability, code) => {
    const outcome = await runtime.run({ language: 'javascript', code: code(), level });
    expect(outcome).toMatchObject({
      ok: false,
      error: { code: 'CAPABILITY_DENIED', details: { capability } },
    });
    untouched(outcome);
  });

  test('Python reaches neither host nor engine', async () => {
    const attempts = [
      "os.system('touch ' + CANARY)",
      "__import__('js')",
      "__import__('pyodide_js')",
      "__import__('pyodide.code').code.run_js(SCRIPT)",
      "ctypes.CDLL(None).system(b'touch ' + CANARY.encode())",
      'ctypes.CDLL(None).emscripten_run_script(SCRIPT.encode())',
      '_sandglass_host._host.call.constructor.constructor(SCRIPT)()',
      'to_js([1]).constructor.constructor(SCRIPT)()',
      "subprocess.run(['touch', CANARY])",
      "socket.create_connection(('127.0.0.1', PORT))",
      "os.environ['SANDGLASS_CANARY']",
      "open('/proc/self/environ').read()",
      "open(CANARY, 'w')",
    ];
    const code = `import os, ctypes, subprocess, socket, _sandglass_host
from concurrent.futures import ThreadPoolExecutor
from pyodide.ffi import to_js
CANARY, PORT = ${JSON.stringify(join(folder, 'canary'))}, ${port}
SCRIPT = "globalThis.process ? process.env.SANDGLASS_CANARY + require('fs').writeFileSync(CANARY, 'x') : 0"
def in_a_thread(attempt, names):
  return ThreadPoolExecutor(1).submit(eval, attempt, names).result()
assert in_a_thread('1 + PORT', globals()) == 1 + PORT
worked = []
for attempt in ${JSON.stringify(attempts)}:
  for way in (eval, in_a_thread):
    try:
      worked.append([attempt, repr(way(attempt, globals()))])
    except BaseException:
      pass
worked`;
    const outcome = await runtime.run({ language: 'python', code, level });
    expect(outcome).toMatchObject({ ok: true, value: [] });
    untouched(outcome);
  });

  test('Python finds no file of the host', async () => {
    const outcome = await runtime.run({ language: 'python', code: "open('/etc/passwd')", level });
    expect(outcome).toMatchObject({
      ok: false,
      error: { code: 'CAPABILITY_DENIED', details: { capability: 'fs.read', requested: '/etc/passwd' } },
      stderr: expect.stringContaining('PermissionError'),
    });
    const caught = await runtime.run({
      language: 'python',
      code: "try:\n  open('/etc/passwd')\nexcept FileNotFoundError as error:\n  print(type(error).__mro__[1:3])",
      level,
    });
    expect(caught).toMatchObject({ ok: true, stdout: expect.stringContaining('PermissionError') });
  });

  test('binaries that are none of ours, or are made to harm, are refused before anything of them runs', async () => {
    const { parseWat } = await wabt();
    const built = (text: string, features: object): Uint8Array =>
      parseWat('guest.wat', text, features).toBinary({}).buffer;
    // A component that holds a component that holds …, 60 deep.
    const nested = Uint8Array.from([0, 97, 115, 109, 13, 0, 1, 0, ...bomb(60)]);
    expect(nested.byteLength).toBeLessThan(1024);
    const refused: readonly Uint8Array[] = [
      new TextEncoder().encode('no wasm at all'),
      new Uint8Array(),
      await wat('(component (core module $m (import "\']);process.exit(1);([\'" "f" (func))))'),
      built('(module (memory 1 1 shared) (func (export "_start")))', { threads: true }),
      nested,
    ];
    for (const [index, module] of refused.entries()) {
      const outcome = await runtime.run({ module, level });
      expect(outcome, `${index}`).toMatchObject({
        ok: false,
        error: { code: 'MODULE_INVALID' },
        stdout: '',
        usage: { hostCalls: {} },
      });
    }
    const oversize = built('(module (memory 60000) (func (export "_start")))', {});
    expect(await runtime.run({ module: oversize, level })).toMatchObject({
      ok: false,
      error: { code: 'MEMORY_EXCEEDED' },
      usage: { memoryBytes: 0 },
    });
  });
});

/** The bytes of `depth` components, each in the one before. */
function bomb(depth: number): number[] {
  let inner: number[] = [];
  for (let level = 0; level < depth; level++) {
    const size = inner.length + 8;
    inner = [4, (size & 127) | 128, size >> 7, 0, 97, 115, 109, 13, 0, 1, 0, ...inner];
  }
  return inner;
}
