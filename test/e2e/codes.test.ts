import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createHttpApp } from '../../runtime/doors/http/app.ts';
import { createModuleStore } from '../../runtime/doors/http/module-store.ts';
import { createRuntime, type Engine, type Runtime } from '../../runtime/index.ts';
import { ERROR_CODES, type ErrorCode, exitCodeOf } from '../../runtime/vocabulary/errors.ts';
import { createInProcessScheduler } from '../../runtime/work/in-process.ts';
import { loadGuest } from '../../scripts/build-guests.ts';
import { CASES } from '../support/code-cases.ts';
import { runCli } from '../support/command-line.ts';
import { verifies } from '../support/verifies.ts';

/** They have a door or an embedder of their own: tested below. */
const ELSEWHERE: readonly ErrorCode[] = ['UNAUTHENTICATED', 'QUEUE_FULL', 'CANCELLED', 'INTERNAL'];
/** They are of tools: their manifests and rates, which nothing gives yet, and answers that are no JSON, which the tests of components show. */
const OF_TOOLS: readonly ErrorCode[] = [
  'OUTPUT_INVALID',
  'MANIFEST_INVALID',
  'TOOL_NOT_FOUND',
  'CONFIRMATION_REQUIRED',
  'RATE_LIMITED',
];

let cwd = '';
let runtime: Runtime;
beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'sandglass-codes-'));
  await writeFile(join(cwd, 'numbers.wasm'), await loadGuest('preview1/numbers.wat'));
  await writeFile(join(cwd, 'trap.wasm'), await loadGuest('preview1/trap.wat'));
  await writeFile(join(cwd, 'garbage.wasm'), 'no wasm');
  runtime = createRuntime({ limits: { timeoutMs: 120_000 } });
});
afterAll(async () => {
  await runtime.close();
  await rm(cwd, { recursive: true });
});

const MIB = 1024 * 1024;
const KEY = 'a-long-random-key';
const door = (concurrency = 4, maxQueued = 10) =>
  createHttpApp({
    runtime,
    scheduler: createInProcessScheduler({ concurrency, maxQueued }),
    modules: createModuleStore({ inspect: () => ({ kind: 'module', exports: [] }) }),
    key: KEY,
  });
const post = (app: ReturnType<typeof door>, body: object, headers: Record<string, string> = {}) =>
  app.request('http://localhost/v1/runs', {
    method: 'POST',
    headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });

test('every code is given by something, or is of something that is not there yet', verifies('ER-01'), () => {
  expect([...Object.keys(CASES), ...ELSEWHERE, ...OF_TOOLS].sort()).toEqual(Object.keys(ERROR_CODES).sort());
});

describe.each(Object.entries(CASES))('%s', (name, { run, cli, http }) => {
  const code = name as ErrorCode; // a key of the table

  test('in a program: the code, and a message of one line', async () => {
    const outcome = await runtime.run(await run());
    expect(outcome).toMatchObject({ ok: false, error: { code, retryable: expect.any(Boolean) } });
    const { message } = outcome.ok ? { message: '' } : outcome.error;
    expect(message).toMatch(/^[^\n]*[^.\n]$/);
    expect(Object.keys(outcome.usage).length).toBeGreaterThanOrEqual(9);
  });

  if (cli !== undefined)
    test('on the command line: its exit code', async () => {
      const { code: exit, err } = await runCli(cli, { cwd });
      expect(exit).toBe(exitCodeOf(code));
      expect(err).toContain(code);
    });

  if (http !== undefined)
    test('over HTTP: its status, and the same error', async () => {
      const answer = await post(door(), http.body);
      expect(answer.status).toBe(http.status);
      const body = (await answer.json()) as {
        readonly error?: { readonly code?: string };
        readonly value?: unknown;
      };
      expect(body.error?.code).toBe(code);
      expect(body).not.toHaveProperty('value');
    });
});

test('UNAUTHENTICATED: a request without the key', async () => {
  const answer = await post(door(), { language: 'javascript', code: '1' }, { authorization: 'Bearer wrong' });
  expect(answer.status).toBe(401);
  expect(await answer.json()).toMatchObject({ error: { code: 'UNAUTHENTICATED' } });
});

test('QUEUE_FULL: more runs than may wait', verifies('SC-09'), async () => {
  const app = door(1, 0);
  const slow = { language: 'javascript', code: 'for (;;);', limits: { timeoutMs: 2_000 } };
  const [first, second] = [post(app, slow), post(app, slow)];
  const statuses = [(await first).status, (await second).status].sort();
  expect(statuses).toEqual([200, 503]);
  const refused = [await first, await second].find(({ status }) => status === 503);
  expect(await refused?.json()).toMatchObject({ error: { code: 'QUEUE_FULL', retryable: true } });
});

test('CANCELLED: by whoever asked', verifies('SC-04'), async () => {
  expect(await runtime.run({ language: 'javascript', code: '1', signal: AbortSignal.abort() })).toMatchObject(
    { ok: false, error: { code: 'CANCELLED' } },
  );
});

test('INTERNAL: an engine that fails is told to the operator, and to nobody else', async () => {
  const told: unknown[] = [];
  const broken: Engine = {
    name: 'broken',
    version: '1',
    languages: ['broken'],
    realm: 'sealed',
    memoryBytes: MIB,
    stackSizeMb: 4,
    inline: true,
    executorUrl: 'none:',
    prepare: async () => {
      throw new Error('secret of the host at /home/operator');
    },
    execute: async () => {
      throw new Error('not reached');
    },
  };
  await using own = createRuntime({ engines: [broken], onError: (error) => told.push(error) });
  const outcome = await own.run({ language: 'broken', code: '1', level: 'minimal' });
  expect(outcome).toMatchObject({ ok: false, error: { code: 'INTERNAL' } });
  expect(JSON.stringify(outcome)).not.toContain('/home/operator');
  expect(String(told[0])).toContain('/home/operator');
});
