import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createRuntime, type Outcome, type RunOptions, type Runtime } from '../../runtime/index.ts';
import { nodePlatform } from '../../runtime/platform/node.ts';
import { createRuntimeOn } from '../../runtime/runtime.ts';
import { hostileEngine } from '../support/hostile-engine.ts';
import { startServer, type TestServer } from '../support/http-harness.ts';
import { codeOf } from '../support/tools-runtime.ts';
import { verifies } from '../support/verifies.ts';

/** What each level is for, and what still holds at the weakest of them. */
let runtime: Runtime;
let folder: string;
let server: TestServer;
beforeAll(async () => {
  runtime = createRuntime({ tools: { builtin: true } });
  folder = mkdtempSync(join(tmpdir(), 'sandglass-levels-'));
  writeFileSync(join(folder, 'a.txt'), 'a');
  server = await startServer();
});
afterAll(async () => {
  await runtime.close();
  await server[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

const js = (code: string, more: Partial<RunOptions> = {}): Promise<Outcome> =>
  runtime.run({ language: 'javascript', code, ...more } as RunOptions);

/** A cell whose guest tells where it lives: the process and the thread. */
const WHERE = `import process from 'node:process'; import { threadId } from 'node:worker_threads';
  export const attack = () => [process.pid, threadId]`;

/** A runtime with an engine whose guests own the realm of their cells. */
const exposed = (): Runtime =>
  createRuntimeOn(
    { ...nodePlatform, engines: [hostileEngine], hostFunctions: [] },
    { cache: false, onError: () => undefined, cells: { warm: 0 } },
  );

const answerOf = (outcome: Outcome): unknown => (outcome.ok ? outcome.value : outcome.error);

describe('minimal', verifies('PM-13'), () => {
  const level = 'minimal';

  test('a granted write and a granted request work, what is not granted is denied', async () => {
    const grant = {
      fs: [{ host: folder, guest: '/d', access: ['read', 'write'] as const }],
      http: [{ origin: server.origin }],
    };
    const code = (url: string): string =>
      `await fs.writeFile('/d/b.txt', 'written'); await (await fetch('${url}/')).text()`;
    expect(await js(code(server.origin), { level, grant })).toMatchObject({
      ok: true,
      value: 'ok',
      meta: { level },
    });
    expect(readFileSync(join(folder, 'b.txt'), 'utf8')).toBe('written');
    const asked = server.seen.length;
    const denied = [
      js(code(server.origin), { level }),
      js(code(server.origin), { level, grant: { fs: grant.fs } }),
      js("await fs.readFile('/etc/passwd', 'utf8')", { level, grant }),
    ];
    expect((await Promise.all(denied)).map(codeOf)).toEqual(denied.map(() => 'CAPABILITY_DENIED'));
    expect(server.seen.length).toBe(asked);
  });

  test('limits hold, also for Python, which has a worker all the same', async () => {
    expect(codeOf(await js('for (;;) {}', { level, limits: { timeoutMs: 100 } }))).toBe('DEADLINE_EXCEEDED');
    expect(codeOf(await js('for (;;) {}', { level, limits: { fuel: 20_000_000 } }))).toBe('FUEL_EXHAUSTED');
    const outcome = await runtime.run({
      language: 'python',
      code: 'while True: pass',
      level,
      limits: { timeoutMs: 1_000 },
    });
    expect(codeOf(outcome)).toBe('DEADLINE_EXCEEDED');
    expect(runtime.engines().find(({ name }) => name === 'pyodide')?.cells).not.toContain('inline');
    expect(runtime.engines().find(({ name }) => name === 'quickjs')?.cells).toContain('inline');
  });

  test('arguments of a tool are checked', async () => {
    const call = (args: object) => runtime.tools.call('calculator', args, { level });
    expect(codeOf(await call({ operation: 'add', operands: 'x' }))).toBe('INPUT_INVALID');
    expect(codeOf(await call({ operation: 'add', operands: [1, 2] }))).toBe('ok');
  });
});

describe('standard', verifies('PM-14'), () => {
  test('is the level of a run that names none, with limits of memory, time and fuel', async () => {
    const outcome = await js('1');
    expect(outcome.meta).toMatchObject({
      level: 'standard',
      limits: { timeoutMs: 10_000, fuel: 20_000_000_000, memoryBytes: 64 * 1024 * 1024 },
    });
    const fill =
      'const held = []; for (let n = 0; n < 70; n += 1) held.push(new Uint8Array(1 << 20).fill(1)); held.length';
    expect(codeOf(await js(fill))).toBe('MEMORY_EXCEEDED');
    for (const [limits, code] of [
      [{ timeoutMs: 200 }, 'DEADLINE_EXCEEDED'],
      [{ fuel: 20_000_000 }, 'FUEL_EXHAUSTED'],
    ] as const) {
      await using own = createRuntime({ limits });
      expect(codeOf(await own.run({ language: 'javascript', code: 'for (;;) {}' }))).toBe(code);
    }
  });

  test('each run has a thread of its own, in the process of the host', async () => {
    await using own = exposed();
    const runs = [1, 2].map(() => own.run({ language: 'hostile', code: WHERE }));
    const [one, other] = (await Promise.all(runs)).map(answerOf) as [number, number][];
    expect([one?.[0], other?.[0]]).toEqual([process.pid, process.pid]);
    expect(new Set([0, one?.[1], other?.[1]]).size).toBe(3);
  });

  test('the thread of the host stays free while a guest spins', async () => {
    const ended: string[] = [];
    const stop = new AbortController();
    const begun = Promise.withResolvers<void>();
    const spinning = js("console.log('begun'); for (;;) {}", {
      signal: stop.signal,
      limits: { timeoutMs: 60_000, fuel: 1_000_000_000_000 },
      onOutput: () => begun.resolve(),
    }).then((outcome) => ended.push(codeOf(outcome)));
    await begun.promise;
    for (let turn = 0; turn < 10; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    ended.push(codeOf(await js('1', { level: 'minimal' })));
    stop.abort();
    await spinning;
    expect(ended).toEqual(['ok', 'CANCELLED']);
  });
});

describe('maximum', () => {
  const level = 'maximum';

  test('has neither files nor network of the host, and the smallest limits', async () => {
    const grant = { fs: [{ host: folder, guest: '/d' }], http: [{ origin: server.origin }] };
    expect(await runtime.tools.call('read_file', { path: '/d/a.txt' }, { level, grant })).toMatchObject({
      ok: false,
      error: { code: 'CAPABILITY_DENIED' },
    });
    expect(codeOf(await js(`await fetch('${server.origin}/')`, { level, grant }))).toBe('CAPABILITY_DENIED');
    const fill =
      'const held = []; for (let n = 0; n < 65; n += 1) held.push(new Uint8Array(1 << 20).fill(1)); held.length';
    const filled = await js(fill, { level, limits: { memoryBytes: 256 * 1024 * 1024 } });
    expect(codeOf(filled)).toBe('MEMORY_EXCEEDED');
    expect(filled.meta.limits).toMatchObject({ timeoutMs: 5_000, memoryBytes: 64 * 1024 * 1024 });
  });

  test('has a process of its own, whose end is nobody else’s', async () => {
    await using own = exposed();
    const hold = 'export const attack = () => new Promise(() => undefined)';
    const stop = new AbortController();
    const beside = own.run({ language: 'hostile', code: hold, level, signal: stop.signal });
    const [pid] = answerOf(await own.run({ language: 'hostile', code: WHERE, level })) as [number, number];
    expect(pid).not.toBe(process.pid);
    const leave = `import process from 'node:process'; export const attack = () => process.exit(7)`;
    expect(codeOf(await own.run({ language: 'hostile', code: leave, level }))).toBe('INTERNAL');
    expect(
      answerOf(await own.run({ language: 'hostile', code: 'export const attack = () => 1', level })),
    ).toBe(1);
    stop.abort();
    expect(codeOf(await beside)).toBe('CANCELLED');
  });
});
