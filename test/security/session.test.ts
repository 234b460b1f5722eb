import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { startWorkerCell } from '../../runtime/cell/worker.ts';
import type { PrepareContext } from '../../runtime/contracts/engine.ts';
import { createQuickjsEngine } from '../../runtime/engines/quickjs/engine.ts';
import { openGate } from '../../runtime/gate/open-gate.ts';
import { createRuntime } from '../../runtime/index.ts';
import { loadWasmFile } from '../../runtime/platform/node-module.ts';
import { createBudget } from '../../runtime/vocabulary/budget.ts';
import { createEventStream } from '../../runtime/vocabulary/event-stream.ts';
import type { Grant } from '../../runtime/vocabulary/grant.ts';
import { mergeLimits } from '../../runtime/vocabulary/limits.ts';
import type { Outcome } from '../../runtime/vocabulary/outcome.ts';
import { runSpec } from '../support/fake-host.ts';
import { startServer } from '../support/http-harness.ts';
import { TEST_RUN } from '../support/run-identity.ts';
import { verifies } from '../support/verifies.ts';

verifies('EX-24');

const folder = mkdtempSync(join(tmpdir(), 'session-'));
writeFileSync(join(folder, 'first.txt'), 'CANARY-1');
writeFileSync(join(folder, 'second.txt'), 'CANARY-2');
const files: Grant = { fs: [{ host: folder, guest: '/data', access: ['read'] }] };

const runtime = createRuntime({ onError: () => undefined, cells: { maxCells: 8, maxSessions: 6 } });
const open = (language: string, more = {}) => runtime.sessions.open({ language, ...more });
const codeOf = (outcome: Outcome): string => (outcome.ok ? 'ok' : outcome.error.code);
afterAll(async () => {
  await runtime.close();
  rmSync(folder, { recursive: true });
});

describe.each(['javascript', 'python'])('a session of %s', (language) => {
  const js = language === 'javascript';

  test('the grant of one run is not a grant of the next', async () => {
    await using session = await open(language);
    const read = js
      ? "(await (await import('fs/promises')).readFile('/data/first.txt', 'utf8'))"
      : "open('/data/first.txt').read()";
    expect(await session.run({ code: read, grant: files })).toMatchObject({ ok: true, value: 'CANARY-1' });
    const without = await session.run({ code: read });
    expect(without.ok).toBe(false);
    expect(JSON.stringify(without)).not.toContain('CANARY');
    // A function that was made under the grant has no more than the run that calls it.
    const make = js
      ? "import { readFile } from 'fs/promises'; globalThis.steal = () => readFile('/data/first.txt', 'utf8');"
      : "def steal(): return open('/data/first.txt').read()";
    await session.run({ code: make, grant: files });
    const stolen = await session.run({ code: js ? 'await steal()' : 'steal()' });
    expect(stolen.ok).toBe(false);
    expect(JSON.stringify(stolen)).not.toContain('CANARY');
    const environment = await session.run({
      code: js ? 'env.TOKEN' : "import os; os.environ.get('TOKEN')",
      grant: { env: { TOKEN: 'CANARY' } },
    });
    expect(environment).toMatchObject({ value: 'CANARY' });
    const later = await session.run({ code: js ? 'env.TOKEN' : "os.environ.get('TOKEN')" });
    expect(later).toMatchObject({ ok: true, value: undefined });
  });

  test('a handle of an earlier run is refused, and is never another file of this run', async () => {
    await using session = await open(language);
    const first = js
      ? "globalThis.fs = await import('fs/promises'); globalThis.old = await fs.open('/data/first.txt'); 1"
      : "old = open('/data/first.txt')\n1";
    const next = js
      ? "const fresh = await fs.open('/data/second.txt'); const error = await old.readFile('utf8').then((text) => text, (error) => error.code); [error, await fresh.readFile('utf8')]"
      : "fresh = open('/data/second.txt')\ntry:\n  error = old.read()\nexcept OSError as e:\n  import errno\n  error = errno.errorcode[e.errno]\n[error, fresh.read()]";
    expect(await session.run({ code: first, grant: files })).toMatchObject({ ok: true, value: 1 });
    expect(await session.run({ code: next, grant: files })).toMatchObject({
      ok: true,
      value: ['EBADF', 'CANARY-2'],
    });
    const ungranted = js
      ? "await old.readFile('utf8').catch((error) => String(error))"
      : 'try:\n  error = old.read()\nexcept OSError as e:\n  error = str(e)\nerror';
    const outcome = await session.run({ code: ungranted });
    expect(JSON.stringify(outcome)).not.toContain('CANARY');
  });

  test('a refusal of an earlier run is an ordinary error, whatever this run was refused', async () => {
    await using session = await open(language);
    const keep = js
      ? "try { await fetch('http://one.test/') } catch (error) { globalThis.kept = error } 1"
      : "try:\n  open('/one', 'w')\nexcept OSError as error:\n  kept = error\n1";
    const again = js
      ? "await fetch('http://two.test/').catch(() => 0); throw kept"
      : "try:\n  open('/two', 'w')\nexcept OSError: pass\nraise kept";
    expect(await session.run({ code: keep })).toMatchObject({ ok: true, value: 1 });
    expect(codeOf(await session.run({ code: again }))).toBe('GUEST_THREW');
  });

  test('what one session does to its built-ins reaches no other, and no run outside', async () => {
    await using bad = await open(language);
    const poison = js
      ? "Object.prototype.polluted = 'P'; Array.prototype.map = () => 'P'; JSON.stringify = () => 'P'; Promise.prototype.then = function () { return 'P' }; globalThis.Map = class {}; globalThis.polluted = 'P'; 1"
      : "import builtins, json, sys\nbuiltins.polluted = 'P'\nbuiltins.len = lambda x: 'P'\njson.dumps = lambda *a, **k: '{\"value\": \"P\"}'\nsys.modules['math'] = 'P'\n1";
    const probe = js
      ? '[({}).polluted ?? 0, [1].map((x) => x + 1), JSON.stringify({ a: 1 }), typeof polluted]'
      : "import builtins, json, math\n[getattr(builtins, 'polluted', 0), len([1]), json.dumps({'a': 1}), math.floor(1.5)]";
    const clean = js ? [0, [2], '{"a":1}', 'undefined'] : [0, 1, '{"a": 1}', 1];
    await bad.run({ code: poison });
    await using other = await open(language);
    expect(await other.run({ code: probe })).toMatchObject({ ok: true, value: clean });
    expect(await runtime.run({ language, code: probe })).toMatchObject({ ok: true, value: clean });
    await bad.close();
    expect(await runtime.run({ language, code: probe })).toMatchObject({ ok: true, value: clean });
  });

  test('a guest that catches the end of its output has ended all the same', async () => {
    await using session = await open(language);
    const code = js
      ? "try { for (let i = 0; i < 1e5; i++) console.log('xxxxxxxxxx') } catch {} 1"
      : "try:\n  for i in range(100000): print('xxxxxxxxxx')\nexcept BaseException: pass\n1";
    const outcome = await session.run({ code, limits: { outputBytes: 1000 } });
    expect(outcome).toMatchObject({ error: { code: 'OUTPUT_EXCEEDED' }, meta: { sessionEnded: true } });
    expect(codeOf(await session.run({ code: '1' }))).toBe('INPUT_INVALID');
  });

  test('work that a run has left never shows in a later one', async () => {
    await using session = await open(language);
    const leave = js
      ? [
          "const late = () => { console.log('LATE'); later() };",
          'const later = () => { setTimeout(late, 1); setImmediate(late); };',
          "later(); setInterval(late, 1); fetch('http://gone.test/').catch(late).finally(late);",
          "throw new Error('now')",
        ].join('\n')
      : [
          'import asyncio',
          'async def stubborn():',
          '  while True:',
          '    try: await asyncio.sleep(0.001)',
          '    except BaseException: pass',
          '    finally: print("LATE")',
          'tasks = [asyncio.ensure_future(stubborn()) for i in range(3)]',
          'def again():',
          '  print("LATE"); asyncio.get_running_loop().call_later(0.001, again)',
          'again(); await asyncio.sleep(0)',
          "raise ValueError('now')",
        ].join('\n');
    expect(codeOf(await session.run({ code: leave }))).toBe('GUEST_THREW');
    const wait = js
      ? "await new Promise((go) => setTimeout(go, 50)); console.log('mine')"
      : "import gc, asyncio\ngc.collect()\nawait asyncio.sleep(0.05)\nprint('mine')";
    for (let run = 0; run < 2; run++) {
      expect(await session.run({ code: wait })).toMatchObject({ ok: true, stdout: 'mine\n', stderr: '' });
    }
  });

  test('rules of the engine hold for all runs of a session', async () => {
    const options = js ? { block: ['eval', 'Function'] } : { preset: 'safe' };
    await using session = await open(language, { options });
    const code = js ? "(() => {}).constructor('return 1')()" : 'import os';
    for (let run = 0; run < 2; run++) expect(codeOf(await session.run({ code }))).toBe('GUEST_THREW');
    expect(await runtime.run({ session: session.name, code: '1', options: {} })).toMatchObject({ ok: true });
    // Also when the first run ended before it began.
    await using broken = await open(language, { options });
    const inputs = js ? { undefined: 1 } : {};
    const refused = js ? '1' : '().__class__';
    expect(codeOf(await broken.run({ code: refused, inputs }))).toBe('GUEST_THREW');
    expect(codeOf(await broken.run({ code: '1 +' }))).toBe('GUEST_THREW');
    expect(codeOf(await broken.run({ code }))).toBe('GUEST_THREW');
    const lifted = await runtime.run({
      session: session.name,
      code,
      options: js ? { block: [] } : { imports: ['os'] },
    });
    expect(codeOf(lifted)).toBe('INPUT_INVALID');
  });
});

describe('a session', () => {
  test('its grant is the most a run gets, and what a run gets that asks for none', async () => {
    await using session = await open('javascript', { grant: files });
    const read = "(await (await import('fs/promises')).readFile('/data/first.txt', 'utf8'))";
    expect(await session.run({ code: read })).toMatchObject({ ok: true, value: 'CANARY-1' });
    expect(codeOf(await session.run({ code: read, grant: {} }))).toBe('CAPABILITY_DENIED');
    const more: Grant[] = [
      { fs: [{ host: folder, guest: '/data', access: ['read', 'write'] }] },
      { fs: [{ host: '/', guest: '/data', access: ['read'] }] },
      { http: [{ origin: 'http://one.test' }] },
      { env: { A: 'b' } },
    ];
    for (const grant of more) {
      expect(codeOf(await session.run({ code: '1', grant }))).toBe('CAPABILITY_DENIED');
    }
    expect(await session.run({ code: read })).toMatchObject({ ok: true, value: 'CANARY-1' });
  });

  test('a body of an earlier run cannot be read on', async () => {
    await using server = await startServer((_, response) => response.end('x'.repeat(20_000_000)));
    const grant: Grant = { http: [{ origin: server.origin }] };
    await using session = await open('javascript');
    const begin = `globalThis.old = (await fetch('${server.origin}/')).body.getReader(); (await old.read()).value.length > 0`;
    expect(await session.run({ code: begin, grant })).toMatchObject({ ok: true, value: true });
    const other = `const fresh = (await fetch('${server.origin}/')).body.getReader(); await fresh.read(); await old.read().then(() => 'read', () => 'refused')`;
    expect(await session.run({ code: other, grant })).toMatchObject({ ok: true, value: 'refused' });
  });

  test('a guest that keeps itself out of its own runs ends nothing else', async () => {
    await using session = await open('javascript');
    await session.run({
      code: "Object.defineProperty(globalThis, 'env', { value: 1, configurable: false })",
    });
    await session.run({
      code: 'for (const key of [0, 1]) Object.defineProperty(Array.prototype, key, { set() { for (;;); } })',
    });
    const outcome = await session.run({ code: '1', limits: { fuel: 10_000_000 } });
    expect(['ok', 'GUEST_THREW', 'FUEL_EXHAUSTED']).toContain(codeOf(outcome));
    expect(await runtime.run({ language: 'javascript', code: '1' })).toMatchObject({ ok: true });
  });

  test('a flood of sessions is refused, and leaves cells for other runs', async () => {
    const asked = Array.from({ length: 40 }, () => open('javascript').catch((error: unknown) => error));
    const answers = await Promise.all(asked);
    const opened = answers.filter((answer) => !(answer instanceof Error));
    expect(opened).toHaveLength(6);
    expect(answers.filter((answer) => answer instanceof Error)).toEqual(
      Array.from({ length: 34 }, () => expect.objectContaining({ code: 'QUEUE_FULL' })),
    );
    expect(await runtime.run({ language: 'javascript', code: '1' })).toMatchObject({ ok: true, value: 1 });
    for (const session of opened) await (session as Awaited<ReturnType<typeof open>>).close(); // the errors were filtered out
    await using after = await open('javascript');
    expect(await after.run({ code: '1' })).toMatchObject({ ok: true });
  });

  test('belongs to its runtime: the same name in another is another session', async () => {
    await using elsewhere = createRuntime();
    await using one = await open('javascript', { name: 'shared' });
    await one.run({ code: 'let secret = 1' });
    expect(codeOf(await elsewhere.run({ session: 'shared', code: 'secret' }))).toBe('INPUT_INVALID');
    await using other = await elsewhere.sessions.open({ language: 'javascript', name: 'shared' });
    expect(codeOf(await other.run({ code: 'secret' }))).toBe('GUEST_THREW');
    await expect(open('javascript', { name: 'shared' })).rejects.toMatchObject({ code: 'INPUT_INVALID' });
  });

  test('a stack that was full in an earlier run does not make a copy of the error the real one', async () => {
    await using session = await open('javascript');
    const full =
      'let caught; const deep = () => deep() + 1; try { deep() } catch (error) { caught = error } caught.message';
    expect(await session.run({ code: full })).toMatchObject({
      ok: true,
      value: 'Maximum call stack size exceeded',
    });
    const copy = 'throw new InternalError(caught.message)';
    expect(codeOf(await session.run({ code: copy }))).toBe('GUEST_THREW');
    expect(codeOf(await session.run({ code: 'deep()' }))).toBe('STACK_EXCEEDED');
  });

  test('garbage of earlier runs, and what the host has read of them, does not fill the memory', async () => {
    await using session = await open('javascript', { limits: { memoryBytes: 12 * 1024 * 1024 } });
    const cycle = '(() => { const one = { bytes: new Uint8Array(1_000_000) }; one.self = one })()';
    for (let run = 0; run < 20; run++) expect(codeOf(await session.run({ code: cycle }))).toBe('ok');
    const code = "await 1; ['x'.repeat(100_000), new Uint8Array(100_000), 1n]";
    for (let run = 0; run < 100; run++) expect(codeOf(await session.run({ code }))).toBe('ok');
  });

  test('a cell that has kept a guest runs no other, even when it is told to', async () => {
    const engine = createQuickjsEngine({
      loadModule: loadWasmFile(new URL('../../runtime/engines/quickjs/quickjs.wasm', import.meta.url)),
    });
    const context: PrepareContext = {
      limits: mergeLimits([]),
      compile: (bytes) => WebAssembly.compile(bytes),
    };
    const cell = await startWorkerCell(engine, context);
    const gate = await openGate({
      identity: TEST_RUN,
      budget: createBudget(context.limits, () => performance.now()),
      events: createEventStream(),
      parts: new Map(),
      hostFunctions: new Map(),
      noNetwork: true,
      level: 'standard',
      context: { readOnlyFiles: true, noHostFiles: true, secret: () => undefined, now: Date.now },
      monotonic: () => performance.now(),
    });
    try {
      await cell.ready;
      const run = async (code: string, kept: boolean): Promise<unknown> => {
        const source = {
          kind: 'script',
          language: 'javascript',
          code,
          filename: 'a.js',
          modules: {},
          form: 'auto',
        } as const;
        const { end } = await cell.run(
          {
            engine,
            guest: await engine.prepare(source, context),
            spec: runSpec({}),
            gate,
            onOutput: () => undefined,
            signal: new AbortController().signal,
            onStart: () => undefined,
            kept,
          },
          false,
        );
        return end.kind === 'value' ? end.value : end.kind;
      };
      expect(await run('let x = 1; x', true)).toBe(1);
      expect(await run('x + 1', true)).toBe(2);
      expect(await run('1', false)).toBe('crashed');
      expect(cell.sound).toBe(false);
    } finally {
      await cell.end();
    }
  });
});
