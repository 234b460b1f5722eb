import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ScriptRun } from '../../runtime/contracts/api/run.ts';
import type { Runtime } from '../../runtime/contracts/api/runtime.ts';
import { createRuntime } from '../../runtime/index.ts';
import { TEST_CACHE } from '../support/test-cache.ts';
import { verifies } from '../support/verifies.ts';

/** Python through the whole runtime: pool, worker, gate, host functions. */
describe('Python through the runtime', () => {
  let runtime: Runtime;
  let folder: string;
  let server: Server;
  let origin = '';
  const seen: string[] = [];

  beforeAll(async () => {
    runtime = createRuntime({
      cache: TEST_CACHE,
      cells: { warm: 1, maxCells: 2 },
    });
    folder = mkdtempSync(join(tmpdir(), 'sandglass-e2e-python-'));
    writeFileSync(join(folder, 'sales.csv'), 'item,total\na,10\nb,30\nc,20\n');
    server = createServer((request, response) => {
      let body = '';
      request.on('data', (part: Buffer) => {
        body += part.toString();
      });
      request.on('end', () => {
        seen.push(`${request.method} ${request.url} ${body}`);
        response.setHeader('content-type', 'application/json');
        response.end(JSON.stringify({ path: request.url }));
      });
    });
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    const address = server.address();
    origin = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
  });
  afterAll(async () => {
    await runtime.close();
    await new Promise((resolve) => server.close(resolve));
    rmSync(folder, { recursive: true, force: true });
  });
  const run = (code: string, options: Partial<ScriptRun> = {}) =>
    runtime.run({ language: 'python', code, limits: { timeoutMs: 30_000 }, ...options });

  test('prints, and answers its last expression', async () => {
    expect(await run('import sys; print(sys.platform); 2**10')).toMatchObject({
      ok: true,
      value: 1024,
      stdout: 'emscripten\n',
      usage: { hostCalls: {} },
    });
  });

  test('reads stdin as one JSON line', async () => {
    expect(await run("import json; print(json.loads(input())['k'])", { stdin: { k: 'a\nb' } })).toMatchObject(
      {
        ok: true,
        stdout: 'a\nb\n',
      },
    );
  });

  test('a session writes out what a run has left open, and tells once of what comes too late', async () => {
    const grant = { fs: [{ host: folder, guest: '/data', access: ['read', 'write'] as const }] };
    await using session = await runtime.sessions.open({ language: 'python', grant });
    const first = await session.run({
      code: `import mmap
f = open('/data/left.txt', 'w'); f.write('one')
with open('/data/left.bin', 'w+b') as g:
    g.write(b'abc'); g.flush(); m = mmap.mmap(g.fileno(), 0)
m[0:1] = b'A'`,
    });
    expect(first).toMatchObject({ ok: true, stderr: '' });
    const left = (name: string): string => readFileSync(join(folder, name), 'utf8');
    expect([left('left.txt'), left('left.bin')]).toEqual(['one', 'Abc']);
    const late = await session.run({ code: "f.write('two')\nm = None" });
    expect(late.stderr).toMatch(/^Exception ignored while closing file '\/data\/left.txt': OSError: .*\n$/);
    expect(await session.run({ code: '7' })).toMatchObject({ ok: true, value: 7, stderr: '' });
    rmSync(join(folder, 'left.txt'));
    rmSync(join(folder, 'left.bin'));
  });

  test('analyses a granted table and writes its result', async () => {
    const code = `
import csv, json, statistics
with open('sales.csv') as f:
    rows = [int(row['total']) for row in csv.DictReader(f)]
result = {'total': sum(rows), 'mean': statistics.mean(rows), 'largest': sorted(rows)[-2:]}
with open('result.json', 'w') as f:
    json.dump(result, f)
result`;
    const outcome = await run(code, {
      grant: { fs: [{ host: folder, guest: '/data', access: ['read', 'write'] }] },
    });
    const expected = { total: 60, mean: 20, largest: [20, 30] };
    expect(outcome).toMatchObject({ ok: true, value: expected });
    expect(JSON.parse(readFileSync(join(folder, 'result.json'), 'utf8'))).toEqual(expected);
    expect(outcome.usage.hostCalls).toEqual({ 'fs.read': 1, 'fs.write': 1 });
  });

  test('is denied what the grant does not hold, each with its message', async () => {
    const before = readdirSync(folder);
    const reading = { grant: { fs: [{ host: folder, guest: '/data', access: ['read'] as const }] } };
    const write = await run("open('/data/new.txt', 'w')", reading);
    expect(write).toMatchObject({
      ok: false,
      error: { code: 'CAPABILITY_DENIED', details: { capability: 'fs.write' } },
    });
    const elsewhere = await run("open('/etc/passwd', 'w')", reading);
    expect(elsewhere).toMatchObject({ ok: false, error: { code: 'CAPABILITY_DENIED' } });
    const network = await run(`import urllib.request; urllib.request.urlopen('${origin}/')`);
    expect(network).toMatchObject({
      ok: false,
      error: { code: 'CAPABILITY_DENIED', details: { capability: 'http' } },
    });
    const shell = await run("import os; os.system('id')");
    expect(shell).toMatchObject({ ok: false, error: { code: 'GUEST_THREW' } });
    const outside = await run("open('/etc/passwd')");
    expect(outside).toMatchObject({
      ok: false,
      error: {
        code: 'CAPABILITY_DENIED',
        details: { capability: 'fs.read' },
        hint: expect.stringContaining('--allow-read='),
      },
    });
    expect(readdirSync(folder)).toEqual(before);
    expect(seen).toEqual([]);
  });

  test('fetches what the grant names', async () => {
    const outcome = await run(
      `import requests, urllib.request, json
[requests.post('${origin}/a', json={'x': 1}).json(), json.load(urllib.request.urlopen('${origin}/b'))]`,
      { grant: { http: [{ origin, methods: ['GET', 'POST'] }] } },
    );
    expect(outcome).toMatchObject({
      ok: true,
      value: [{ path: '/a' }, { path: '/b' }],
      usage: { hostCalls: { http: 2 } },
    });
    expect(seen).toEqual(['POST /a {"x": 1}', 'GET /b ']);
  });

  test('an uncaught exception gives type, message and line', verifies('EX-12'), async () => {
    expect(await run("x = 1\nassert False, 'nope'")).toMatchObject({
      ok: false,
      error: {
        code: 'GUEST_THREW',
        message: expect.stringContaining('AssertionError: nope'),
        details: { line: 2 },
      },
    });
  });

  test('an endless print ends with what fitted', async () => {
    const outcome = await run("while True: print('x' * 100)", {
      limits: { outputBytes: 10_000, timeoutMs: 30_000 },
    });
    expect(outcome).toMatchObject({ ok: false, error: { code: 'OUTPUT_EXCEEDED' } });
    expect(outcome.stdout.length).toBe(10_000);
  });

  test('an allocation over 64 MiB is over the limit, 28 MiB are fine', async () => {
    const limits = { memoryBytes: 64 * 1024 * 1024, timeoutMs: 30_000 };
    expect(await run('x = bytearray(200 << 20)', { limits })).toMatchObject({
      ok: false,
      error: { code: 'MEMORY_EXCEEDED' },
    });
    expect(await run('len(bytearray(28 << 20))', { limits })).toMatchObject({ ok: true, value: 28 << 20 });
  });

  test('a run that is ended by its fuel or its deadline says where it stood', async () => {
    const code = 'x = 0\ndef count():\n  global x\n  while True: x += 1\ncount()';
    const place = { file: 'main.py', line: 4 };
    expect(await run(code, { limits: { fuel: 100_000_000 } })).toMatchObject({
      ok: false,
      error: { code: 'FUEL_EXHAUSTED', details: { limit: 100_000_000, ...place } },
    });
    expect(await run(code, { limits: { fuel: Number.MAX_SAFE_INTEGER, timeoutMs: 2_000 } })).toMatchObject({
      ok: false,
      error: { code: 'DEADLINE_EXCEEDED', details: { limit: 2_000, file: 'main.py' } },
    });
  });

  test('the same seed gives the same bytes and the same fuel', async () => {
    const options: Partial<ScriptRun> = { deterministic: { seed: 7, now: 1_700_000_000_000 } };
    const code =
      'import random, time, os, uuid\n[random.random(), time.time(), os.urandom(4), str(uuid.uuid4()), hash("x"), {1, "a"} is None]';
    const [first, second] = [await run(code, options), await run(code, options)];
    expect(first).toMatchObject({ ok: true });
    expect(second).toMatchObject({ ok: true, value: first.ok ? first.value : undefined });
    expect(second.usage.fuel).toBe(first.usage.fuel);
  });

  test('string hashes repeat in deterministic runs, whatever their seed, and are others elsewhere', async () => {
    const code = "import sys\n[hash('sandglass'), sys.flags.hash_randomization]";
    const hashOf = async (options: Partial<ScriptRun>): Promise<unknown> => {
      const outcome = await run(code, options);
      return outcome.ok ? outcome.value : outcome.error;
    };
    const fixed = await hashOf({ deterministic: { seed: 1, now: 0 } });
    expect(fixed).toEqual([expect.any(Number), 0]);
    expect(await hashOf({ deterministic: { seed: 2, now: 5 } })).toEqual(fixed);
    const fresh = await hashOf({});
    expect(fresh).toEqual([expect.any(Number), 1]);
    expect(fresh).not.toEqual(fixed);
  });

  test('two calls at strict and maximum do the same', async () => {
    for (const level of ['strict', 'maximum'] as const) {
      expect(await run('1 + 1', { level, limits: { timeoutMs: 5000 } })).toMatchObject({
        ok: true,
        value: 2,
        meta: { level },
      });
    }
  });
});
