import { expect, test } from 'vitest';
import { guardCalls } from '../../../runtime/engines/pyodide/realm/calls.ts';

/** The glue's imports that the guard stands before, and some more. */
const NAMES = [
  'JsvFunction_CallBound',
  'JsvFunction_Call_OneArg',
  'JsvFunction_Construct',
  'raw_call_js',
  'JsProxy_GetAttr_js',
  'JsArray_repeat_js',
  'JsArray_inplace_repeat_js',
  'JsProxy_SetAttr_js',
  'JsProxy_DelAttr_js',
  '_dlopen_js',
  '__syscall_openat',
] as const;

const envOf = (called: string[]): Record<string, unknown> =>
  Object.fromEntries(
    NAMES.map((name) => [
      name,
      Object.assign((...args: unknown[]) => called.push(`${name} ${args.length}`), { sig: 'ii' }),
    ]),
  );

test('while it is silent, no import can be called; afterwards each can', () => {
  const called: string[] = [];
  const calls = guardCalls();
  const env: Record<string, unknown> = { ...envOf(called), memory: {}, suspending: Object.create(null) };
  calls.allowSilence();
  calls.guard(env, undefined);
  const call = (name: string): unknown => (env[name] as (...args: unknown[]) => unknown)({ length: 0 }, 1);
  calls.silence(true);
  for (const name of NAMES) expect(() => call(name)).toThrow('not while the memory is restored');
  expect(called).toEqual([]);
  calls.silence(false);
  for (const name of NAMES) call(name);
  expect(called).toEqual(NAMES.map((name) => `${name} 2`));
  for (const name of NAMES) expect(env[name]).toHaveProperty('sig', 'ii');
  expect(env.memory).toEqual({});
});

test('names of one function stay names of one function: a snapshot counts on their places in the table', () => {
  const calls = guardCalls();
  const env = envOf([]);
  env.another = env._dlopen_js;
  calls.allowSilence();
  calls.guard(env, undefined);
  expect(env.another).toBe(env._dlopen_js);
  expect(env.another).not.toBe(env.__syscall_openat);
});

test('without that it stands before no import that it does not need', () => {
  const calls = guardCalls();
  const env = envOf([]);
  const before = env._dlopen_js;
  calls.guard(env, undefined);
  calls.silence(true);
  expect(env._dlopen_js).toBe(before);
});
