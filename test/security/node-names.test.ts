import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createRuntime, type Runtime } from '../../runtime/index.ts';
import { verifies } from '../support/verifies.ts';

/**
 * A JavaScript guest has Node's names: `process`, `Buffer`, `require`, `global` and the modules. Each is made inside the guest and gives
 * nothing of the host: these guests have no grant, or one variable of their own, and say all that they can find.
 */
let runtime: Runtime;
let folder: string;

beforeAll(() => {
  runtime = createRuntime();
  // Not below /tmp, where each guest has a folder of its own.
  folder = realpathSync(mkdtempSync('/var/tmp/sandglass-names-'));
  writeFileSync(join(folder, 'module.js'), 'module.exports = "canary-value"');
  writeFileSync(join(folder, 'data.json'), '"canary-value"');
  process.env.SANDGLASS_CANARY = 'canary-value';
});
afterAll(async () => {
  await runtime.close();
  delete process.env.SANDGLASS_CANARY;
  rmSync(folder, { recursive: true });
});

const LEVELS = ['minimal', 'standard', 'strict', 'maximum'] as const;

describe.each(LEVELS)('at level %s', verifies('EX-15', 'EX-16', 'PM-01'), (level) => {
  const told = async (code: string, more: object = {}): Promise<unknown> => {
    const outcome = await runtime.run({ language: 'javascript', code, level, ...more });
    expect(JSON.stringify(outcome)).not.toContain('canary-value');
    expect(outcome).toMatchObject({ ok: true });
    return outcome.ok ? outcome.value : undefined;
  };

  test('process, Buffer, require and global are objects and functions of the guest', async () => {
    const code = `[
      global === globalThis, self === globalThis, process === require('process'), Buffer === require('buffer').Buffer,
      process instanceof Object, Buffer.constructor === Function, require.constructor === Function, Object.getPrototypeOf(Buffer) === Uint8Array,
      Function('return this')() === globalThis, module.constructor === Object, require.main === module,
    ].indexOf(false)`;
    expect(await told(code)).toBe(-1);
  });

  test('process.env holds what was granted and nothing else; what is written to it stays inside', async () => {
    const code =
      "process.env.WRITTEN = 1; delete process.env.PATH; [Object.keys(process.env), process.env.GIVEN, typeof process.env.SANDGLASS_CANARY, 'SANDGLASS_CANARY' in process.env]";
    const given = { grant: { env: { GIVEN: 'yes' } } };
    expect(await told(code, given)).toEqual([['GIVEN', 'WRITTEN'], 'yes', 'undefined', false]);
    expect(process.env.WRITTEN).toBeUndefined();
    expect(process.env.PATH).toBeDefined();
    expect(await told('Object.keys(process.env)')).toEqual([]);
  });

  test('process and os tell the same of every machine', async () => {
    const code = `const os = require('os'); const said = {};
      for (const [name, of] of [['process', process], ['os', os]]) for (const key of Reflect.ownKeys(of)) if (typeof of[key] !== 'function' && typeof key === 'string') said[name + '.' + key] = of[key];
      for (const key of ['cwd', 'uptime', 'umask', 'getuid', 'getgid', 'getgroups', 'memoryUsage', 'availableMemory']) said[key] = process[key]();
      for (const key of ['hostname', 'homedir', 'tmpdir', 'userInfo', 'cpus', 'networkInterfaces', 'release', 'version', 'machine', 'totalmem', 'freemem', 'loadavg']) said['os.' + key] = os[key]();
      require('util').inspect(said, { depth: 6, maxStringLength: null, maxArrayLength: null }) + __filename + __dirname + import.meta.url`;
    const text = String(await told(code));
    for (const own of [
      process.cwd(),
      process.execPath,
      os.hostname(),
      os.release(),
      os.version(),
      process.version,
    ]) {
      expect(text, own).not.toContain(own);
    }
    expect(text).not.toMatch(/node_modules|\/runtime\/|canary-value/);
    const plain =
      '[process.pid, process.ppid, process.platform, process.arch, process.cwd(), process.argv.length, process.execArgv, process.getuid(), require("os").cpus().length]';
    expect(await told(plain)).toEqual([1, 0, 'linux', 'wasm32', '/tmp', 2, [], 1000, 1]);
  });

  test('process gives no handle of the engine below', async () => {
    const code = `const missing = ['mainModule', 'dlopen', '_linkedBinding', '_getActiveHandles', '_debugProcess', 'report', 'permission', 'send', 'channel', '_handle'].filter((name) => process[name] !== undefined);
      for (const name of ['fs', 'spawn_sync', 'process_wrap', 'tcp_wrap', 'natives']) { try { missing.push(process.binding(name)) } catch {} }
      for (const one of [process.stdin, process.stdout, process.stderr]) for (const key of ['_handle', 'fd_', '_server']) if (one[key] !== undefined) missing.push(key);
      const { kill, pid } = process;
      try { kill(${process.pid}, 0) } catch {}
      missing`;
    expect(await told(code)).toEqual([]);
    // A guest that kills, ends or aborts "its process" ends itself, and no one else.
    for (const end of [
      'process.kill(process.pid)',
      'process.abort()',
      'process.reallyExit(3)',
      'process.exit(3)',
    ]) {
      expect(await runtime.run({ language: 'javascript', code: end, level })).toMatchObject({
        ok: false,
        error: { code: 'GUEST_THREW' },
      });
    }
  });

  test('require gives no module of the host, however it is come by', async () => {
    const names =
      'child_process cluster dgram inspector repl sqlite v8 vm wasi internal/bootstrap/realm sandglass esbuild vitest';
    const code = `const { createRequire, Module, builtinModules } = require('module');
      const ways = [require, createRequire('/a.js'), createRequire('file:///b.js'), (name) => new Module('/x').require(name), module.require, process.getBuiltinModule, Module._load, require.main.require, (name) => Function('name', 'return require(name)')(name), (name) => (0, eval)('require')(name)];
      const got = [];
      for (const name of ${JSON.stringify(names.split(' '))}) for (const prefix of ['', 'node:']) for (const [index, way] of ways.entries()) {
        let found; try { found = way(prefix + name) } catch (error) { if (!(error instanceof Error)) found = 'stranger' }
        if (found !== undefined) got.push([prefix + name, index]);
      }
      for (const name of ['vm', 'child_process']) { if (builtinModules.includes(name)) got.push(name); try { await import('node:' + name); got.push(name) } catch {} }
      got`;
    expect(await told(code)).toEqual([]);
  });

  test('modules that load for libraries open nothing', async () => {
    const code = `const opened = [];
      const [net, tls, dns, http2, threads] = ['net', 'tls', 'dns', 'http2', 'worker_threads'].map((name) => require(name));
      const ways = {
        connect: () => net.connect(80, '127.0.0.1'), socket: () => new net.Socket().connect(80), listen: () => net.createServer().listen(0),
        tls: () => tls.connect(443), lookup: () => dns.lookup('localhost', () => opened.push('lookup')), resolve: () => dns.promises.resolve('localhost'),
        http2: () => http2.connect('http://127.0.0.1'), worker: () => new threads.Worker('postMessage(1)', { eval: true }),
      };
      for (const [name, way] of Object.entries(ways)) { try { await way(); opened.push(name); } catch (error) { if (!(error instanceof Error)) opened.push('stranger'); } }
      opened`;
    expect(await told(code)).toEqual([]);
  });

  test('require reads no file of the host', async () => {
    const paths = [
      join(folder, 'module.js'),
      join(folder, 'data.json'),
      `file://${folder}/module.js`,
      '/etc/passwd',
      '/proc/self/environ',
    ];
    const code = `const { createRequire } = require('module'); const got = [];
      for (const path of ${JSON.stringify(paths)}) for (const way of [require, createRequire('/'), createRequire(${JSON.stringify(`${folder}/x.js`)}), (p) => import(p), (p) => require('fs').readFileSync(p), (p) => require('fs').promises.readFile(p), (p) => process.loadEnvFile(p)]) {
        try { const found = await way(path); got.push([path, String(found)]) } catch (error) { if (!(error instanceof Error)) got.push(path) }
      }
      require.cache[${JSON.stringify(paths[0])}] = undefined; got`;
    expect(await told(code)).toEqual([]);
    expect(
      await runtime.run({ language: 'javascript', code: `require(${JSON.stringify(paths[0])})`, level }),
    ).toMatchObject({
      ok: false,
      error: { code: 'CAPABILITY_DENIED', details: { capability: 'fs.read' } },
    });
  });

  test('the constructor chain of every function of every module ends inside the guest', async () => {
    const code = `
      const power = "return [typeof process.mainModule, typeof process.dlopen, typeof WebAssembly, typeof Deno, this === undefined || this === globalThis].join() + (process.env.SANDGLASS_CANARY ?? '')";
      const seen = new Set(), makers = new Set(), told = new Set(), queue = [];
      const add = (thing) => { if (thing !== null && (typeof thing === 'object' || typeof thing === 'function') && !seen.has(thing)) { seen.add(thing); queue.push(thing); if (thing instanceof Promise) thing.catch(() => {}); } };
      add(globalThis); add(sandglass); add(require); add(module);
      const names = require('module').builtinModules;
      for (const name of names) { add(require(name)); add(await import('node:' + name)); }
      const { createHash, webcrypto } = require('crypto'), { Readable, PassThrough } = require('stream');
      for (const make of [() => fs.readFile('/nope'), () => fetch('http://127.0.0.1:1/'), () => fetch('data:,x'), () => require('nope'), () => import('nope'), () => createHash('sha256'), () => createHash('no'), () => webcrypto.subtle.digest('SHA-256', new Uint8Array(1)),
        () => new Intl.NumberFormat(), () => new Intl.DateTimeFormat().resolvedOptions(), () => new CompressionStream('gzip'), () => new TextDecoder('latin1'), () => new PassThrough(), () => Readable.from([1]), () => require('http').request('http://127.0.0.1:1/').on('error', add),
        () => setTimeout(() => {}), () => new AbortController(), () => structuredClone(new Map([[1, {}]])), () => require('readline').createInterface({ input: process.stdin }), () => require('fs').openSync('/tmp/x', 'w'), () => new Error('x').stack, () => (function () { return arguments })(),
        () => webcrypto.subtle.generateKey({ name: 'AES-GCM', length: 128 }, true, ['encrypt']), () => require('zlib').createGzip(), () => new (require('async_hooks').AsyncLocalStorage)(), () => Object.assign(new WebSocket('ws://127.0.0.1:1/'), { onerror: ({ error }) => add(error) }), () => require('fs').statSync('/tmp'), () => { JSON.parse('{') }, () => { null.x }]) {
        try { const made = make(); add(made); add(await made) } catch (error) { add(error) }
      }
      while (queue.length > 0) {
        const thing = queue.shift();
        // Whatever makes a function, and what makes that; an object's constructor is looked at as the function it is.
        if (typeof thing === 'function') { makers.add(thing.constructor); makers.add(thing.constructor?.constructor); }
        for (const key of Reflect.ownKeys(thing)) {
          const own = Reflect.getOwnPropertyDescriptor(thing, key);
          add(own?.get); add(own?.set);
          try { add(thing[key]) } catch (error) { add(error) }
        }
        add(Object.getPrototypeOf(thing));
      }
      for (const maker of makers) {
        try { const made = await maker(power)(); told.add(typeof made?.next === 'function' ? (await made.next()).value : made); }
        catch (error) { told.add(error instanceof Error ? 'refused' : 'stranger'); }
      }
      [names.length, seen.size, [...makers].map((maker) => maker.name).sort(), [...told].sort()]`;
    const [modules, things, makers, ends] = (await told(code)) as [number, number, string[], string[]]; // the line above
    expect(modules).toBeGreaterThan(35);
    expect(things).toBeGreaterThan(2000);
    expect(makers).toEqual(['AsyncFunction', 'AsyncGeneratorFunction', 'Function', 'GeneratorFunction']);
    expect(ends).toEqual(['undefined,undefined,undefined,undefined,true']);
  });
});
