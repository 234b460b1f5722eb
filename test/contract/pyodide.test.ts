import { afterAll, beforeAll } from 'vitest';
import { script } from '../support/engine-guests.ts';
import { openPython, type PythonBench, pythonContext } from '../support/pyodide-parts.ts';
import { describeEngine } from './engine-suite.ts';

let _python: PythonBench | undefined;
beforeAll(async () => {
  _python = await openPython();
});
afterAll(() => {
  _python = undefined;
});

const py = (code: string) => ({ source: script('python', code, { filename: 'main.py' }) });
const MIB = 1024 * 1024;

describeEngine('pyodide', {
  engine: async () => (await openPython()).engine,
  prepare: pythonContext(),
  samples: {
    value: { ...py('2 ** 10'), value: 1024 },
    exit: { ...py('import sys; sys.exit(3)'), exitCode: 3 },
    threw: { ...py("x = 1\nassert False, 'nope'"), name: 'AssertionError', message: 'nope', line: 2 },
    trap: py('import os; os.abort()'),
    print: {
      ...py("import sys; print('out'); print('err', file=sys.stderr)"),
      stdout: 'out\n',
      stderr: 'err\n',
    },
    flood: py("while True: print('x' * 50)"),
    stubbornFlood: py("while True:\n  try:\n    while True: print('x' * 50)\n  except BaseException: pass"),
    echo: py('import sys; sys.stdout.write(sys.stdin.read()); None'),
    spin: py('while True: pass'),
    stubbornSpin: py(
      'def f():\n  while True:\n    try:\n      while True: pass\n    except BaseException: pass\n    finally: f()\nf()',
    ),
    wait: py('import time; time.sleep(3600)'),
    allocate: { ...py('x = []\nwhile True: x.append(bytearray(1 << 20))'), memoryBytes: 64 * MIB },
    allocateAndCope: {
      ...py("try:\n  x = bytearray(200 << 20)\nexcept MemoryError: print('coped')"),
      memoryBytes: 64 * MIB,
    },
    refused: {
      ...py("import _sandglass_host as h; h.call('fs.stat', {'path': '/x'})"),
      operation: 'fs.stat',
    },
    refusalHandled: {
      ...py(
        "import _sandglass_host as h\ntry: h.call('fs.stat', {'path': '/x'})\nexcept PermissionError: pass",
      ),
      operation: 'fs.stat',
    },
    refusalForged: {
      ...py(
        "import _sandglass_host as h\ntry: h.call('fs.stat', {'path': '/x'})\nexcept PermissionError as e: raise PermissionError(*e.args)",
      ),
      operation: 'fs.stat',
    },
    mark: py(
      "import sys, builtins, os, json\nfound = [hasattr(builtins, 'm'), hasattr(json, 'm'), os.path.exists('/tmp/m'), 'm' in os.environ, 'm' in globals()]\nbuiltins.m = json.m = m = 1\nopen('/tmp/m', 'w').close()\nos.environ['m'] = '1'\nsys.modules['json'].loads = None\nfound",
    ),
    unreadable: {
      source: { kind: 'wasm', bytes: new Uint8Array([0, 97, 115, 109]), hash: '0', name: 'x.wasm' },
    },
    ambient: py(
      'import os, time, random, uuid, secrets; [os.urandom(16).hex(), time.time(), time.monotonic(), random.random(), str(uuid.uuid4()), secrets.token_hex(4), hash("x")]',
    ),
  },
});
