import { homedir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { HostFunction } from '../../runtime/contracts/host-function.ts';
import { createHttpApp } from '../../runtime/doors/http/app.ts';
import { createModuleStore } from '../../runtime/doors/http/module-store.ts';
import { createRuntime, type Outcome, type RunOptions, type Runtime } from '../../runtime/index.ts';
import { createInProcessScheduler } from '../../runtime/work/in-process.ts';
import { probeGuest } from '../guests/component/build.ts';
import { CASES } from '../support/code-cases.ts';
import { runCli } from '../support/command-line.ts';
import { verifies } from '../support/verifies.ts';

verifies('ER-05');

const CANARY = 'canary-of-the-operator';
const ROOT = fileURLToPath(new URL('../../', import.meta.url));
/** What no outcome, answer or guest may hold: places and variables of the host, and frames of its stack. */
const HOST_ONLY = [
  CANARY,
  ROOT,
  `${homedir()}/`,
  process.execPath,
  'node:internal',
  'node_modules',
  'file:///',
];
const leaks = (told: string): readonly string[] => HOST_ONLY.filter((text) => told.includes(text));

/** A host function with a bug, which throws all that it knows. */
const buggy: HostFunction = {
  name: 'buggy',
  network: false,
  operations: {
    'buggy.now': { capability: 'buggy', kind: 'act' },
    'buggy.later': { capability: 'buggy', kind: 'act' },
  },
  open: () => ({
    call: (operation) => {
      const error = new Error(`EACCES: ${ROOT}secret.txt ${process.env.OPERATOR}`);
      if (operation === 'buggy.now') throw error;
      return Promise.reject(error);
    },
    close: () => undefined,
  }),
};

let runtime: Runtime;
let probe: Uint8Array;
const told: { readonly text: string; readonly runId: string }[] = [];
beforeAll(async () => {
  process.env.OPERATOR = CANARY;
  probe = await probeGuest();
  runtime = createRuntime({
    hostFunctions: [buggy],
    onError: (error, runId) =>
      told.push({ text: error instanceof Error ? `${error.stack}` : String(error), runId }),
  });
});
afterAll(async () => {
  delete process.env.OPERATOR;
  await runtime.close();
});

const text = (outcome: Outcome): string =>
  JSON.stringify(outcome, (_, value) => (typeof value === 'bigint' ? String(value) : value));

describe('an error of a run', () => {
  test.each(Object.entries(CASES))('%s holds nothing of the host', async (_, { run, http }) => {
    if (http === undefined) {
      expect(leaks(text(await runtime.run(await run())))).toEqual([]);
      return;
    }
    const answer = await door().request('http://localhost/v1/runs', {
      method: 'POST',
      headers: { authorization: 'Bearer key', 'content-type': 'application/json' },
      body: JSON.stringify(http.body),
    });
    expect(leaks(await answer.text())).toEqual([]);
  });

  test.each<readonly [string, RunOptions]>([
    [
      'JavaScript, looked at by the guest',
      {
        language: 'javascript',
        code: "const all = []; for (const f of [() => fs.readFileSync('/etc/shadow'), () => new URL('x'), () => JSON.parse('{'), () => null.x, () => fetch(1), () => import('/etc/passwd'), () => sandglass.call('fs.read', {})]) { try { await f(); } catch (error) { all.push([String(error), error.stack, error.message, JSON.stringify(error), Object.getOwnPropertyNames(error).map((name) => String(error[name])), String(error.cause?.stack)]); } } export default all;",
      },
    ],
    [
      'Python, looked at by the guest',
      {
        language: 'python',
        code: "import traceback, urllib.request\nseen = []\nfor f in [lambda: open('/etc/shadow'), lambda: urllib.request.urlopen('http://127.0.0.1:1/'), lambda: __import__('os').listdir('/root'), lambda: __import__('nope'), lambda: __import__('subprocess').run('id'), lambda: __import__('socket').create_connection(('127.0.0.1', 1))]:\n    try:\n        f()\n    except BaseException as error:\n        seen.append([traceback.format_exc(), repr(error), repr(getattr(error, '__dict__', {}))])\nseen",
      },
    ],
    ['a syntax error', { language: 'typescript', code: 'const x: = 1' }],
    [
      'a module that imports what is not there',
      { language: 'javascript', code: "import '../../../../etc/passwd'" },
    ],
    ['a Python syntax error', { language: 'python', code: 'def' }],
    ['a damaged component', { module: Uint8Array.from([0, 0x61, 0x73, 0x6d, 0x0d, 0, 1, 0, 1, 9, 0, 0x61]) }],
    [
      'a core module that does not link',
      { module: Uint8Array.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 10, 4, 1, 2, 0, 0x0b]) },
    ],
  ])('%s', async (_, options) => {
    expect(leaks(text(await runtime.run(options)))).toEqual([]);
  });
});

const door = (run: Pick<Runtime, 'run'> = runtime, faults: unknown[] = []) =>
  createHttpApp({
    runtime: run,
    scheduler: createInProcessScheduler({}),
    modules: createModuleStore({ inspect: () => ({ kind: 'module', exports: [] }) }),
    key: 'key',
    onFault: (error, id) => faults.push([String(error), id]),
  });

describe('a fault of the host', () => {
  const grant = { custom: { buggy: {} } };
  const guests: readonly (readonly [string, RunOptions])[] = (['buggy.now', 'buggy.later'] as const).flatMap(
    (operation) => [
      [
        `JavaScript that lets ${operation} through`,
        { language: 'javascript', code: `await sandglass.call('${operation}', {})` },
      ] as const,
      [
        `JavaScript that handles ${operation}`,
        {
          language: 'javascript',
          code: `try { await sandglass.call('${operation}', {}) } catch (error) { [error.code, error.message, error.stack, JSON.stringify(error)] }`,
        },
      ] as const,
      [
        `Python that lets ${operation} through`,
        { language: 'python', code: `import sandglass\nsandglass.call('${operation}', {})` },
      ] as const,
    ],
  );

  test.each(guests)(
    '%s: the guest and its caller see none of it, the embedder all, with the id of the run',
    async (name, options) => {
      told.length = 0;
      const outcome = await runtime.run({ ...options, grant });
      expect(outcome.ok).toBe(name.includes('handles'));
      if (!outcome.ok)
        expect(outcome.error).toMatchObject({
          code: 'HOST_CALL_FAILED',
          retryable: false,
          message: expect.stringMatching(/^Cannot serve buggy\.\w+: the host function failed$/),
        });
      expect(leaks(text(outcome))).toEqual([]);
      expect(told).toHaveLength(1);
      expect(told[0]).toMatchObject({
        runId: outcome.meta.runId,
        text: expect.stringContaining(`${ROOT}secret.txt ${CANARY}`),
      });
    },
  );

  test('over HTTP the id that is answered is the id that is logged', async () => {
    told.length = 0;
    const body = { language: 'javascript', code: "await sandglass.call('buggy.now', {})", grant };
    const request = {
      method: 'POST',
      headers: { authorization: 'Bearer key', 'content-type': 'application/json' },
      body: JSON.stringify(body),
    };
    const answer = await door().request('http://localhost/v1/runs', request);
    const whole = await answer.text();
    expect([answer.status, leaks(whole)]).toEqual([200, []]);
    expect(JSON.parse(whole)).toMatchObject({ ok: false, error: { code: 'HOST_CALL_FAILED' } });
    expect(told.map(({ runId }) => runId)).toEqual([JSON.parse(whole).meta.runId]);
    const faults: unknown[] = [];
    const failing = { run: () => Promise.reject(new Error(`${ROOT} ${CANARY}`)) };
    const failed = await (await door(failing, faults).request('http://localhost/v1/runs', request)).text();
    expect(leaks(failed)).toEqual([]);
    const { error } = JSON.parse(failed);
    expect(Object.keys(error).sort()).toEqual(['code', 'message', 'retryable', 'runId', 'time']);
    expect(faults).toEqual([[expect.stringContaining(CANARY), error.runId]]);
  });
});

test('a component that fails, and what the command line prints of it, hold nothing of the host', async () => {
  for (const step of ['throw', 'trap', 'nope']) {
    expect(leaks(text(await runtime.run({ module: probe, inputs: { step } })))).toEqual([]);
  }
  const env = { OPERATOR: CANARY };
  for (const args of [
    ['eval', "throw new Error('x')"],
    ['eval', "await fs.readFile('/etc/passwd')"],
    ['eval', 'export default', '--lang=javascript'],
  ]) {
    const { out, err } = await runCli(args, { cwd: '/', env });
    expect(leaks(out + err)).toEqual([]);
  }
});
