import { createSocket, type Socket } from 'node:dgram';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { MOST_IN_FLIGHT } from '../../runtime/cell/call-window.ts';
import { nodePlatform } from '../../runtime/platform/node.ts';
import { createRuntimeOn } from '../../runtime/runtime.ts';
import { hostileEngine } from '../support/hostile-engine.ts';
import { createProbe } from '../support/scripted-engine.ts';
import { verifies } from '../support/verifies.ts';

verifies('PM-15');

const folder = mkdtempSync(join(tmpdir(), 'sandglass-realm-'));
const secret = join(folder, 'secret.txt');
const marker = join(folder, 'marker.txt');
let server: Server;
let port = 0;
let connections = 0;
const local = join(folder, 'local.sock');
let localServer: Server;
let datagramSocket: Socket;
let datagramPort = 0;
let datagrams = 0;

beforeAll(async () => {
  writeFileSync(secret, 'canary');
  process.env.SANDGLASS_CANARY = 'canary';
  server = createServer((socket) => {
    connections += 1;
    socket.destroy();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  port = typeof address === 'object' && address !== null ? address.port : 0;
  localServer = createServer((socket) => {
    connections += 1;
    socket.destroy();
  });
  await new Promise<void>((resolve) => localServer.listen(local, resolve));
  datagramSocket = createSocket('udp4', () => {
    datagrams += 1;
  });
  await new Promise<void>((resolve) => datagramSocket.bind(0, '127.0.0.1', resolve));
  datagramPort = datagramSocket.address().port;
});
afterAll(async () => {
  delete process.env.SANDGLASS_CANARY;
  await new Promise((resolve) => server.close(resolve));
  await new Promise((resolve) => localServer.close(resolve));
  await new Promise<void>((resolve) => datagramSocket.close(resolve));
  rmSync(folder, { recursive: true });
});
beforeEach(() => {
  connections = 0;
  datagrams = 0;
});

describe.each(['standard', 'strict', 'maximum'] as const)(
  'a guest that owns the realm of its cell at level %s',
  (level) => {
    const probe = createProbe();
    const runtime = createRuntimeOn(
      {
        ...nodePlatform,
        engines: [hostileEngine],
        hostFunctions: [probe],
      },
      { level, cache: false, onError: () => undefined, cells: { warm: 0 } },
    );
    const attack = (code: string) =>
      runtime.run({ language: 'hostile', code, limits: { timeoutMs: 60_000 } });
    afterAll(async () => runtime.close());

    test.each<[string, () => string]>([
      [
        'read a file',
        () =>
          `import fs from 'node:fs'; export const attack = () => fs.readFileSync(${JSON.stringify(secret)}, 'utf8')`,
      ],
      [
        'read /etc/passwd',
        () => `import fs from 'node:fs'; export const attack = () => fs.readFileSync('/etc/passwd', 'utf8')`,
      ],
      [
        'read the memory of the host',
        () =>
          `import fs from 'node:fs'; export const attack = () => fs.readFileSync('/proc/self/maps', 'utf8')`,
      ],
      [
        'read the working folder of the host',
        () =>
          `import fs from 'node:fs'; export const attack = () => fs.readFileSync(${JSON.stringify(join(process.cwd(), 'tsconfig.json'))}, 'utf8')`,
      ],
      [
        'list a folder',
        () => `import fs from 'node:fs'; export const attack = () => fs.readdirSync('.').join()`,
      ],
      [
        'start a worker with no restrictions',
        () =>
          `import { Worker } from 'node:worker_threads'; export const attack = () => { new Worker('require("fs").writeFileSync(${JSON.stringify(marker).replaceAll('"', "'")}, "x")', { eval: true, execArgv: [] }); return 'started'; }`,
      ],
      [
        'write a file',
        () =>
          `import fs from 'node:fs'; export const attack = () => fs.writeFileSync(${JSON.stringify(marker)}, 'x')`,
      ],
      [
        'follow a symlink it makes',
        () =>
          `import fs from 'node:fs'; export const attack = () => fs.symlinkSync('/etc', ${JSON.stringify(marker)})`,
      ],
      [
        'start a process',
        () =>
          `import { spawnSync } from 'node:child_process'; export const attack = () => spawnSync('touch', [${JSON.stringify(marker)}]).status`,
      ],
      [
        'load a native add-on',
        () =>
          `import process from 'node:process'; export const attack = () => process.dlopen({ exports: {} }, ${JSON.stringify(secret)})`,
      ],
      [
        'signal the host',
        () =>
          `import process from 'node:process'; export const attack = () => process.kill(${process.pid}, 0)`,
      ],
      [
        'signal its parent',
        () => `import process from 'node:process'; export const attack = () => process.kill(process.ppid, 0)`,
      ],
      [
        'open an inspector',
        () =>
          `import inspector from 'node:inspector'; export const attack = () => { inspector.open(0); return 'opened'; }`,
      ],
      [
        'run WASI with a preopened root',
        () =>
          `import { WASI } from 'node:wasi'; export const attack = () => { new WASI({ version: 'preview1', preopens: { '/': '/' } }); return 'made'; }`,
      ],
    ])('cannot %s', async (_name, code) => {
      const outcome = await attack(code());
      if (outcome.ok) expect(outcome.value).toMatch(/^refused: /);
      expect(JSON.stringify(outcome)).not.toMatch(/canary|root:/);
      expect(existsSync(marker)).toBe(false);
      expect(readFileSync(secret, 'utf8')).toBe('canary');
    });

    test.each<[string, () => string]>([
      [
        'by a socket',
        () => `import net from 'node:net';
        export const attack = () => new Promise((resolve, reject) => {
          const socket = net.connect(${port}, '127.0.0.1', () => { socket.destroy(); resolve('connected'); });
          socket.on('error', reject);
        })`,
      ],
      [
        'by a socket made of its native handle',
        () => `import net from 'node:net';
        export const attack = () => new Promise((resolve, reject) => {
          const probe = new net.Socket().on('error', () => {}).connect({ host: 'x', port: 1, lookup: () => {} });
          const handle = new (probe._handle.constructor)(0);
          probe.destroy();
          const code = handle.connect({ oncomplete: () => resolve('connected') }, '127.0.0.1', ${port});
          if (code !== 0) reject(Object.assign(new Error('no'), { code: 'EACCES' }));
        })`,
      ],
      [
        'by a local socket',
        () => `import net from 'node:net';
        export const attack = () => new Promise((resolve, reject) => {
          const socket = net.connect({ path: ${JSON.stringify(local)} }, () => { socket.destroy(); resolve('connected'); });
          socket.on('error', reject);
        })`,
      ],
      [
        'by fetch',
        () =>
          `export const attack = () => fetch('http://127.0.0.1:${port}').then(() => 'connected', (error) => { throw error.cause ?? error; })`,
      ],
      [
        'by TLS',
        () => `import tls from 'node:tls';
        export const attack = () => new Promise((resolve, reject) => {
          const socket = tls.connect({ host: '127.0.0.1', port: ${port} });
          socket.on('error', reject);
          socket.on('secureConnect', () => resolve('connected'));
        })`,
      ],
      [
        'by a datagram',
        () => `import { createSocket } from 'node:dgram';
        export const attack = () => new Promise((resolve, reject) => {
          const socket = createSocket('udp4');
          socket.on('error', reject);
          socket.send('canary', ${datagramPort}, '127.0.0.1', (error) => (error ? reject(error) : resolve('sent')));
        })`,
      ],
      [
        'by asking for a name',
        () =>
          `import { lookup } from 'node:dns/promises'; export const attack = () => lookup('localhost').then(() => 'found')`,
      ],
      [
        'by asking a name server of its own',
        () => `import { Resolver } from 'node:dns/promises';
        export const attack = async () => {
          const resolver = new Resolver({ timeout: 500, tries: 1 });
          resolver.setServers(['127.0.0.1:${datagramPort}']);
          return resolver.resolve4('canary.example').then(() => 'asked');
        }`,
      ],
    ])('cannot reach anything %s', async (_name, code) => {
      const outcome = await attack(code());
      expect(outcome).toMatchObject({
        ok: true,
        value: expect.stringMatching(/^refused: (ERR_ACCESS_DENIED|EACCES)$/),
      });
      expect([connections, datagrams]).toEqual([0, 0]);
    });

    test('cannot listen', async () => {
      const outcome = await attack(`
      import net from 'node:net';
      export const attack = () => new Promise((resolve, reject) => {
        const server = net.createServer().on('error', reject).listen(0, '127.0.0.1', () => { server.close(); resolve('listens'); });
      })`);
      // Node 26 refuses where nobody can catch it, which ends the cell.
      const told = outcome.ok ? outcome.value : outcome.error.code;
      expect(told).toMatch(/^(refused: (ERR_ACCESS_DENIED|EACCES)|INTERNAL)$/);
    });

    test('finds no variable of the host', async () => {
      const outcome = await attack(
        `import process from 'node:process'; export const attack = () => JSON.stringify(process.env)`,
      );
      expect(outcome).toMatchObject({ ok: true });
      expect(JSON.stringify(outcome)).not.toMatch(/canary|PATH|HOME/);
    });

    test('gets nothing from the gate by posting messages of its own making', async () => {
      const served = probe.served.length;
      const outcome = await attack(`
      import { parentPort } from 'node:worker_threads';
      export const attack = () => {
        parentPort.postMessage({ type: 'call', token: 999, call: 1, sync: false, operation: 'probe.echo', args: {} });
        parentPort.postMessage({ type: 'call', token: 0, call: 1, sync: false, operation: 'probe.echo', args: {} });
        parentPort.postMessage({ type: 'call', token: 1, call: 7, sync: false, operation: '__proto__.echo', args: {} });
        parentPort.postMessage({ type: 'call', token: 1, call: 8, sync: false, operation: 'probe.constructor', args: {} });
        return 'posted';
      }`);
      expect(outcome).toMatchObject({ ok: true, value: 'posted', usage: { hostCalls: {} } });
      expect(probe.served.length).toBe(served);
    });

    test.each([
      ['calls', '{ call: i, sync: false }', MOST_IN_FLIGHT],
      ['blocking calls', '{ call: i, sync: true }', 1],
    ])('has few %s served while it takes no answers, and is ended for the flood', async (_, fields, most) => {
      const served = probe.served.length;
      const outcome = await attack(`
      import { parentPort } from 'node:worker_threads';
      export const attack = () => {
        for (let i = 1; i <= 5000; i++)
          parentPort.postMessage({ type: 'call', token: 1, operation: 'probe.echo', args: {}, ...${fields} });
        for (;;);
      }`);
      expect(outcome).toMatchObject({ ok: false, error: { code: 'INTERNAL' } });
      expect(probe.served.length - served).toBeLessThanOrEqual(most);
      expect(await attack(`export const attack = () => 'next'`)).toMatchObject({ ok: true, value: 'next' });
    });

    test.each(['probe.shared', 'probe.given'])(
      'finds nothing in the buffer around an answer of %s',
      async (operation) => {
        const outcome = await attack(`
      import { parentPort } from 'node:worker_threads';
      export const attack = () => new Promise((resolve) => {
        parentPort.on('message', ({ answer }) => resolve(new TextDecoder().decode(answer.bytes.buffer)));
        parentPort.postMessage({ type: 'call', token: 1, call: 1, sync: false, operation: '${operation}', args: {} });
      })`);
        expect(outcome).toMatchObject({ ok: true, value: 'answer' });
      },
    );

    test('a malformed message ends its cell, and the next run works', async () => {
      const outcome = await attack(`
      import { parentPort } from 'node:worker_threads';
      export const attack = () => { parentPort.postMessage({ type: 'grant', everything: true }); return new Promise(() => {}); }`);
      expect(outcome).toMatchObject({ ok: false, error: { code: 'INTERNAL' } });
      expect(await attack(`export const attack = () => 'next'`)).toMatchObject({ ok: true, value: 'next' });
    });

    test('output it posts past its budget ends its cell', async () => {
      const outcome = await attack(`
      import { parentPort } from 'node:worker_threads';
      export const attack = () => {
        for (let i = 0; i < 64; i++) parentPort.postMessage({ type: 'output', token: 1, stream: 'stdout', bytes: new Uint8Array(65536), memoryBytes: 0 });
        return new Promise(() => {});
      }`);
      expect(outcome).toMatchObject({ ok: false, error: { code: 'OUTPUT_EXCEEDED' } });
      expect(outcome.stdout.length).toBeLessThanOrEqual(1024 * 1024);
    });

    test.each([
      [
        'that refers to itself',
        `const list = []; list.push(list); export const attack = () => list;`,
        'OUTPUT_INVALID',
      ],
      [
        'that is small as a graph and endless as a tree',
        `let bomb = []; for (let i = 0; i < 200; i++) bomb = [bomb, bomb]; export const attack = () => bomb;`,
        'OUTPUT_EXCEEDED',
      ],
      ['of a class', `export const attack = () => new Map([[1, 2]]);`, 'OUTPUT_INVALID'],
      [
        'over its output budget',
        `export const attack = () => 'x'.repeat(2 * 1024 * 1024);`,
        'OUTPUT_EXCEEDED',
      ],
    ])('a value %s costs the host nothing', async (_name, code, expected) => {
      expect(await attack(code)).toMatchObject({ ok: false, error: { code: expected } });
    });

    test('ending its process or thread harms nobody else', async () => {
      const outcome = await attack(
        `import process from 'node:process'; export const attack = () => process.exit(7)`,
      );
      expect(outcome).toMatchObject({ ok: false, error: { code: 'INTERNAL' } });
      expect(await attack(`export const attack = () => 'next'`)).toMatchObject({ ok: true, value: 'next' });
    });

    test('a realm it changed is never used again', async () => {
      await attack(
        `export const attack = () => { globalThis.left = 'behind'; Object.prototype.left = 'behind'; return 1; }`,
      );
      expect(await attack(`export const attack = () => String(globalThis.left)`)).toMatchObject({
        ok: true,
        value: 'undefined',
      });
    });
  },
);
