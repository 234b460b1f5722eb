import { afterAll, describe, expect, test } from 'vitest';
import { createRuntime } from '../../runtime/index.ts';
import type { AuditLine } from '../../runtime/vocabulary/events.ts';
import { assemble } from '../support/wasm/assemble.ts';

const audited: AuditLine[] = [];
const runtime = createRuntime({ onAudit: (line) => audited.push(line) });
afterAll(async () => runtime.close());

const FILL =
  'const held = []; try { for (;;) held.push(new Uint8Array(1e6)); } catch (error) { caught = error; }';
const RECURSE = 'const f = () => f(); try { f(); } catch (error) { caught = error; }';
const run = (code: string) => runtime.run({ language: 'javascript', code: `let caught;\n${code}` });

describe('the code of a limit belongs to the guest that did not get over it', () => {
  test.each([
    ['an error of its own', `${FILL} held.length = 0; throw new TypeError("mine")`, 'TypeError: mine'],
    [
      'a copy',
      `${FILL} held.length = 0; throw new InternalError("out of memory")`,
      'InternalError: out of memory',
    ],
    ['nothing', `${FILL} held.length = 0; throw null`, 'Uncaught: null'],
    [
      'a copy of the class of what it caught',
      `${RECURSE} throw new caught.constructor("Maximum call stack size exceeded")`,
      'RangeError: Maximum call stack size exceeded',
    ],
    [
      'a copy without new',
      `${RECURSE} throw InternalError("stack overflow")`,
      'InternalError: stack overflow',
    ],
    [
      'a class of its own',
      `${RECURSE} class X extends InternalError {} throw new X("stack overflow")`,
      'InternalError: stack overflow',
    ],
    [
      'another error by that name',
      `${RECURSE} throw Object.assign(new TypeError("stack overflow"), { name: "InternalError" })`,
      'InternalError: stack overflow',
    ],
    [
      'a copy that a promise rejects with',
      `${RECURSE} await Promise.reject(new InternalError("stack overflow"))`,
      'InternalError: stack overflow',
    ],
  ])('a guest that throws %s after it recovered is told by that', async (_, code, message) => {
    expect(await run(code)).toMatchObject({ ok: false, error: { code: 'GUEST_THREW', message } });
  });

  test.each([
    ['memory', 'const held = []; for (;;) held.push(new Uint8Array(1e6))', 'MEMORY_EXCEEDED'],
    ['memory, to the last bit', 'const held = []; for (;;) held.push([1])', 'MEMORY_EXCEEDED'],
    ['stack', 'const f = () => f(); f()', 'STACK_EXCEEDED'],
    ['stack, in a promise', 'const f = () => f(); await (async () => f())()', 'STACK_EXCEEDED'],
    ['stack, thrown again', `${RECURSE} throw caught`, 'STACK_EXCEEDED'],
  ])('the error of a full %s, let through, ends the run with its code', async (_, code, expected) => {
    expect(await run(code)).toMatchObject({ ok: false, error: { code: expected } });
  });

  test('what the engine throws of a full stack is a RangeError to the guest, as elsewhere', async () => {
    const code = `${RECURSE} [caught instanceof RangeError, caught instanceof Error, caught.name, String(caught)]`;
    expect(await run(code)).toMatchObject({
      ok: true,
      value: [true, true, 'RangeError', 'RangeError: Maximum call stack size exceeded'],
    });
  });
});

describe('a spent budget of host calls ends the run', () => {
  const flood = (call: string) =>
    runtime.run({
      language: 'javascript',
      code: `let refused = 0; for (let i = 0; i < 20000; i++) { try { ${call} } catch { refused++; } } refused`,
      limits: { hostCalls: 10 },
    });

  test('some calls past the limit, though the guest handles each refusal', async () => {
    audited.length = 0;
    const outcome = await flood('await sandglass.call("fs.stat", { path: "/tmp" })');
    expect(outcome).toMatchObject({
      ok: false,
      error: { code: 'HOST_CALLS_EXCEEDED', details: { limit: 10 }, retryable: false },
    });
    expect(Object.values(outcome.usage.hostCalls)).toEqual([21]);
    expect(audited).toHaveLength(20);
  });

  test.each([
    'await sandglass.call("fs.read", { handle: 99, offset: 0, length: 1 })',
    'await sandglass.call("no.such", {})',
    'sandglass.call("no.such", {}).catch(() => refused++); if (i % 10 === 0) await 1',
  ])('%s: calls that do not count are not refused for ever', async (call) => {
    expect(await flood(call)).toMatchObject({ ok: false, error: { code: 'HOST_CALLS_EXCEEDED' } });
  });

  test('one that stops at the first refusal goes on', async () => {
    const outcome = await runtime.run({
      language: 'javascript',
      code: 'let n = 0; try { for (;;) { await sandglass.call("fs.stat", { path: "/tmp" }); n++; } } catch {} n',
      limits: { hostCalls: 10 },
    });
    expect(outcome).toMatchObject({ ok: true, value: 10 });
  });
});

test.each(['standard', 'minimal'] as const)(
  'arguments of too many values are refused at level %s, whatever their bytes',
  async (level) => {
    const outcome = await runtime.run({
      language: 'javascript',
      code: `const list = Array.from({ length: 150_000 }, () => []);
      let told; try { await sandglass.call('fs.stat', { path: '/tmp', list }); } catch (error) { told = error.message; } told`,
      level,
    });
    expect(outcome).toMatchObject({
      ok: true,
      value: expect.stringMatching(/^Cannot call fs.stat: .*over 100000 values$|more than 100000 values$/),
    });
  },
);

test('a deadline is worth another try only where the guest waited for its host', async () => {
  const limits = { timeoutMs: 50 };
  const spin = await runtime.run({ language: 'javascript', code: 'for (;;);', limits });
  expect(spin).toMatchObject({ ok: false, error: { code: 'DEADLINE_EXCEEDED', retryable: false } });
});

describe.each(['minimal', 'standard'] as const)('a module that was refused memory, at %s', (level) => {
  const FILL = '(loop $again (br_if $again (i32.ne (memory.grow (i32.const 16)) (i32.const -1))))';
  const moduleOf = (then: string) =>
    assemble(`(module
      (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
      (memory (export "memory") 1)
      (func (export "_start") (local $n i32) ${FILL} ${then}))`);
  const LONG = `(local.set $n (i32.const 40000000))
    (loop $spin (br_if $spin (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))`;

  test.each([
    ['and traps at once, is over its memory', '(unreachable)', { code: 'MEMORY_EXCEEDED' }],
    [
      'goes on, and traps for its own reason, is told by that',
      `${LONG} (unreachable)`,
      { code: 'GUEST_TRAPPED' },
    ],
    [
      'and ends itself, is told by its exit code, with the memory as a hint',
      '(call $exit (i32.const 7))',
      {
        code: 'GUEST_THREW',
        details: { exitCode: 7 },
        hint: 'It was refused memory over its 8388608 bytes; raise limits.memoryBytes if that is why',
      },
    ],
  ])('%s', async (_, then, error) => {
    await using runtime = createRuntime();
    const outcome = await runtime.run({
      module: await moduleOf(then),
      level,
      limits: { memoryBytes: 8 * 1024 * 1024 },
    });
    expect(outcome).toMatchObject({ ok: false, error });
  });
});

test('what a digest holds outside of the guest counts as memory that the run has used', async () => {
  const data = 'const data = new Uint8Array(6 * 1024 * 1024);';
  const [without, held] = await Promise.all(
    [`${data} 1`, `${data} await crypto.subtle.digest('SHA-256', data); 1`].map((code) =>
      runtime.run({ language: 'javascript', code }),
    ),
  );
  expect([without?.ok, held?.ok]).toEqual([true, true]);
  expect((held?.usage.memoryBytes ?? 0) - (without?.usage.memoryBytes ?? 0)).toBeGreaterThanOrEqual(
    12 * 1024 * 1024,
  );
});
