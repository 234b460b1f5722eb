import { expect, test } from 'vitest';
import { createRuntime, SandglassError, unwrap } from '../../../runtime/index.ts';

test('unwrap() gives the value, or throws what the outcome says', async () => {
  await using runtime = createRuntime({ level: 'minimal' });
  expect(unwrap(await runtime.run({ language: 'js', code: '6 * 7' }))).toBe(42);
  const failed = await runtime.run({ language: 'ts', code: 'throw new TypeError("no")' });
  expect(() => unwrap(failed)).toThrow(SandglassError);
  expect(() => unwrap(failed)).toThrow(/TypeError: no/);
});

test('an outcome with a bigint and bytes has a JSON form, and its error a text', async () => {
  await using runtime = createRuntime({ level: 'minimal' });
  const outcome = await runtime.run({ language: 'js', code: '[2n ** 64n, new Uint8Array([1])]' });
  expect(JSON.parse(JSON.stringify({ outcome }))).toMatchObject({
    outcome: { ok: true, value: ['18446744073709551616', { $bytes: 'AQ==' }] },
  });
  expect(Object.keys(outcome)).toEqual(['ok', 'value', 'stdout', 'stderr', 'usage', 'meta']);
  const failed = await runtime.run({ language: 'js', code: 'x' });
  expect(failed.ok ? '' : String(failed.error)).toMatch(/^GUEST_THREW: ReferenceError/);
  expect(structuredClone(failed)).toEqual(failed);
});

test('a promise is not unwrapped: it says what to write', () => {
  const promise: unknown = Promise.resolve();
  expect(() => unwrap(promise as Parameters<typeof unwrap>[0])).toThrow('write unwrap(await runtime.run(…))'); // as JavaScript passes it
});
