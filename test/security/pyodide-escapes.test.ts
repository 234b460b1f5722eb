import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openPython, type PythonBench } from '../support/pyodide-parts.ts';
import { verifies } from '../support/verifies.ts';

verifies('EX-16');

/**
 * Each attempt to leave Python, with a canary on the host: a file that must not appear, a server that must see nobody, a variable that must
 * not be read. They run in the thread of the tests: nothing but the realm and the wasm stands between them and the host here.
 */
describe('escapes from a Python guest', () => {
  let python: PythonBench;
  let folder: string;
  let server: Server;
  let connections = 0;
  let port = 0;

  beforeAll(async () => {
    python = await openPython();
    folder = mkdtempSync(join(tmpdir(), 'sandglass-escape-'));
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
    delete process.env.SANDGLASS_CANARY;
    await new Promise((resolve) => server.close(resolve));
    rmSync(folder, { recursive: true, force: true });
  });

  const HELP = String.raw`
def attempt(f):
    try:
        print('LEAKED', repr(f())[:200])
    except BaseException as error:
        print('refused', type(error).__name__, ' '.join(str(error).split())[:200])
def js():
    import _sandglass_host
    return _sandglass_host._host
SCRIPT = "globalThis.process ? process.env.SANDGLASS_CANARY + require('fs').writeFileSync(CANARY, 'x') : 0"
`;

  /** Attempts that must each be refused, by name. */
  const ATTEMPTS: Readonly<Record<string, string>> = {
    'os.system': "import os; attempt(lambda: os.system('touch ' + CANARY))",
    'os.popen': "import os; attempt(lambda: os.popen('touch ' + CANARY).read())",
    'posix.system': "import posix; attempt(lambda: posix.system('touch ' + CANARY))",
    'subprocess.run': "import subprocess; attempt(lambda: subprocess.run(['touch', CANARY]))",
    'subprocess shell':
      "import subprocess; attempt(lambda: subprocess.check_output('touch ' + CANARY, shell=True))",
    _posixsubprocess: 'import _posixsubprocess; attempt(lambda: _posixsubprocess.fork_exec())',
    'os.fork': 'import os; attempt(lambda: os.fork())',
    'os.execv': "import os; attempt(lambda: os.execv('/bin/touch', ['touch', CANARY]))",
    'threads of the system':
      "import _imp, importlib.machinery as m; _thread = _imp.create_builtin(m.ModuleSpec('_thread', None)); _imp.exec_builtin(_thread); attempt(lambda: _thread.start_new_thread(print, ()))",
    'joinable threads of the system':
      "import _imp, importlib.machinery as m; _thread = _imp.create_builtin(m.ModuleSpec('_thread', None)); _imp.exec_builtin(_thread); attempt(lambda: _thread.start_joinable_thread(print))",
    'fork from a thread':
      'import concurrent.futures as c, os; attempt(lambda: c.ThreadPoolExecutor(1).submit(os.fork).result())',
    'connect from a thread':
      "import concurrent.futures as c, socket; attempt(lambda: c.ThreadPoolExecutor(1).submit(socket.create_connection, ('127.0.0.1', PORT)).result())",
    'write outside from a thread':
      "import concurrent.futures as c; attempt(lambda: c.ThreadPoolExecutor(1).submit(open, CANARY, 'w').result())",
    'JavaScript from a thread':
      'import concurrent.futures as c; attempt(lambda: c.ThreadPoolExecutor(1).submit(lambda: js().call.constructor.constructor(SCRIPT)()).result())',
    ctypes: "import ctypes; attempt(lambda: ctypes.CDLL(None).system(b'touch ' + CANARY.encode()))",
    'ctypes emscripten_run_script':
      'import ctypes; attempt(lambda: ctypes.CDLL(None).emscripten_run_script(SCRIPT.encode()))',
    'socket connect': "import socket; attempt(lambda: socket.socket().connect(('127.0.0.1', PORT)))",
    '_socket connect':
      "import _socket; s = _socket.socket(); attempt(lambda: s.connect(('127.0.0.1', PORT)))",
    'socket create_connection':
      "import socket; attempt(lambda: socket.create_connection(('127.0.0.1', PORT)))",
    'asyncio open_connection':
      "import asyncio\ntry:\n  print('LEAKED', await asyncio.open_connection('127.0.0.1', PORT))\nexcept BaseException as e: print('refused', type(e).__name__)",
    urllib: "import urllib.request; attempt(lambda: urllib.request.urlopen(f'http://127.0.0.1:{PORT}/'))",
    'http.client':
      "import http.client; c = http.client.HTTPConnection('127.0.0.1', PORT); c.request('GET', '/'); attempt(lambda: c.getresponse())",
    ftplib: "import ftplib; attempt(lambda: ftplib.FTP().connect('127.0.0.1', PORT))",
    smtplib: "import smtplib; attempt(lambda: smtplib.SMTP('127.0.0.1', PORT))",
    'import js': 'attempt(lambda: __import__("js"))',
    'import pyodide_js': 'attempt(lambda: __import__("pyodide_js"))',
    'importlib js': 'import importlib; attempt(lambda: importlib.import_module("js"))',
    run_js: 'from pyodide.code import run_js; attempt(lambda: run_js(SCRIPT))',
    'Function constructor': 'attempt(lambda: js().call.constructor(SCRIPT)())',
    'Function constructor of a constructor': 'attempt(lambda: js().call.constructor.constructor(SCRIPT)())',
    'constructor of an array':
      'from pyodide.ffi import to_js; attempt(lambda: to_js([1]).constructor.constructor(SCRIPT)())',
    'constructor of a promise':
      'p = js().call_later("x.y", "{}"); attempt(lambda: p.constructor.constructor(SCRIPT)())',
    'constructor of an error':
      "try:\n  js().call('x.y', 'no JSON')\nexcept BaseException as e:\n  attempt(lambda: (e if not hasattr(e, 'js_error') else e.js_error).constructor.constructor(SCRIPT)())",
    'import() through Function': 'attempt(lambda: js().call.constructor("return import(\'node:fs\')")())',
    'async Function': "attempt(lambda: js().call_later.constructor('return process')())",
    'import hook proxies':
      'import sys; attempt(lambda: [f for f in sys.meta_path if "Js" in type(f).__name__][0])',
    'the JavaScript module objects':
      "import gc, _pyodide_core\nfound = [o for o in gc.get_objects() if type(o).__name__ == 'JsProxy' and hasattr(o, 'process')]\nattempt(lambda: found[0])",
    'environment of the host': "import os; attempt(lambda: os.environ['SANDGLASS_CANARY'])",
    '/proc/self/environ': "attempt(lambda: open('/proc/self/environ').read())",
    '/etc/passwd': "attempt(lambda: open('/etc/passwd').read())",
    'write outside': 'attempt(lambda: open(CANARY, "w"))',
    'mount NODEFS': "import sys; attempt(lambda: sys.modules['pyodide_js'].mountNodeFS('/x', '/etc'))",
    webbrowser: "import webbrowser; attempt(lambda: webbrowser.get('touch %s').open(CANARY) or 1 / 0)",
    'compile wasm':
      'from pyodide.ffi import to_js\nB = to_js(bytes([0,97,115,109,1,0,0,0,1,4,1,96,0,0,3,2,1,0,10,9,1,7,0,3,64,12,0,11,11]))\nattempt(lambda: js().WebAssembly.Module.new(B))',
  };

  test.each(Object.entries(ATTEMPTS))('%s', async (_name, code) => {
    const canary = join(folder, 'canary');
    const { result, host } = await python.run(
      `CANARY = ${JSON.stringify(canary)}\nPORT = ${port}\n${HELP}${code}`,
    );
    expect(result.kind).toBe('value');
    expect(host.stdout()).toMatch(/^refused /);
    expect(host.stdout()).not.toContain('canary-value');
    expect(host.stdout()).not.toMatch(/node_modules|file:\/\/|runtime\/engines/);
    expect(existsSync(canary)).toBe(false);
    expect(connections).toBe(0);
  });

  test('threads are turns of the one that runs the guest: none goes on while another does not wait', async () => {
    const { result } = await python.run(`
import _thread, threading, time
order = []
def work(name):
    order.append(name + ' begins')
    for _ in range(100_000): pass
    order.append(name + ' waits')
    time.sleep(0.001)
    order.append(name + ' ends')
_thread.start_new_thread(work, ('a',))
other = threading.Thread(target=work, args=('b',))
other.start()
order.append('the program goes on')
other.join()
order`);
    expect(result).toMatchObject({
      kind: 'value',
      value: [
        'a begins',
        'a waits',
        'b begins',
        'b waits',
        expect.stringMatching(/ends$|goes on$/),
        expect.stringMatching(/ends$|goes on$/),
        expect.stringMatching(/ends$|goes on$/),
      ],
    });
  });

  /** Attempts at JavaScript itself, all in one run: a function of the language would hold its thread for ever, end the process, or lead on. */
  const LANGUAGE = String.raw`
from pyodide.ffi import to_js, create_proxy, create_once_callable
import _pyodide_core, asyncio, gc, operator, sys
bridge = js()
given = []
def filled(**fields):
    "A plain object with these properties, as the glue makes one for keyword arguments."
    create_proxy(lambda *args: given.append(args[-1]))(**fields)
    return given[-1]
LIST, BUFFER, MAP, PROMISE = to_js([1, 2]), to_js(b'x'), to_js({'a': 1}), bridge.call_later('x.y', '{}')
for thing in (LIST, BUFFER, MAP, PROMISE, bridge.call, filled(a=1), LIST.entries if hasattr(LIST, 'entries') else iter(LIST)):
    for name in ('constructor', '__proto__', 'bind', 'call', 'apply', 'map', 'fill', 'sort', 'includes', 'concat', 'toString', 'valueOf',
                 'hasOwnProperty', '__defineGetter__', '__lookupGetter__', 'caller', 'callee'):
        # What the realm puts around the copying functions of buffers, to count them, has a source.
        if not (thing is BUFFER and name == 'map'):
            attempt(lambda: getattr(thing, name) if not hasattr(type(thing), name) else 1 / 0)
attempt(lambda: setattr(LIST, 'length', 2 ** 32 - 1))
attempt(lambda: setattr(LIST, '4294967294', 1))
attempt(lambda: delattr(LIST, '0'))
attempt(lambda: LIST.new(2 ** 32 - 1))
attempt(lambda: LIST * 2_000_000_000)
attempt(lambda: operator.imul(LIST, 2_000_000_000))
attempt(lambda: BUFFER * 2_000_000_000)
attempt(lambda: bridge.call.new())
attempt(lambda: 1 in filled(length=2 ** 53 - 1, __proto__=LIST))
attempt(lambda: filled(length=2 ** 53 - 1, __proto__=LIST).reverse())
attempt(lambda: filled(__proto__=LIST).push(1))
attempt(lambda: _pyodide_core.raw_call(bridge.now.constructor))
async def settle():
    "A thenable is given the functions that settle it: they have no attributes that lead on."
    found = []
    try: await asyncio.wait_for(filled(then=create_proxy(lambda *functions: found.extend(functions))), 0.01)
    except BaseException: pass
    return found
for function in await settle():
    attempt(lambda: function.constructor)
    attempt(lambda: function.bind)
    attempt(lambda: function.new())
for thing in gc.get_objects():
    if type(thing).__module__ == 'pyodide.ffi' and not isinstance(thing, type):
        attempt(lambda: thing.constructor('return this')())
print(LIST.to_py(), len(given))
`;

  test('no function of the language is there for Python, nor a list that says to be longer than it is', async () => {
    const canary = join(folder, 'canary');
    const { result, host } = await python.run(`CANARY = ${JSON.stringify(canary)}\n${HELP}${LANGUAGE}`);
    expect(result.kind).toBe('value');
    const lines = host.stdout().trim().split('\n');
    expect(lines.pop()).toMatch(/^\[1, 2\] [1-9]/);
    expect(lines.length).toBeGreaterThan(100);
    expect(lines.filter((line) => !line.startsWith('refused '))).toEqual([]);
    expect(existsSync(canary)).toBe(false);
  });

  test('what Python has of JavaScript works: bytes, lists, promises, its own functions', async () => {
    const { result } = await python.run(
      `
from pyodide.ffi import to_js, create_proxy, create_once_callable, run_sync
import asyncio
x = to_js([1, {'a': {2}}, b'x'])
x.append(3)
assert len(x * 3) == 12
x.reverse()
x.extend([4])
once = create_once_callable(lambda: 5)
seen = []
create_proxy(seen.append)(6)
made = to_js([object()], default_converter=lambda value, convert, cache: convert('made')).to_py()
[x.to_py()[0], len(x), x.index(4), once(), seen, made, run_sync(asyncio.sleep(0, 7)), 3 in x]`,
    );
    expect(result).toMatchObject({ kind: 'value', value: [3, 5, 4, 5, [6], ['made'], 7, true] });
  });

  test.each([
    ['subprocess', "import subprocess; subprocess.run(['id'])", 'guests cannot start processes'],
    ['sockets', "import socket; socket.create_connection(('127.0.0.1', 1))", 'guests have no sockets'],
    ['JavaScript', 'import js', 'guests have no JavaScript'],
  ])('%s fail with a plain sentence', async (_name, code, sentence) => {
    const { result } = await python.run(code);
    expect(result.kind === 'threw' && result.error.message).toContain(sentence);
  });
});
