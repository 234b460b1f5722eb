import { describe, expect, test } from 'vitest';
import type { RunOptions } from '../../../runtime/contracts/api/run.ts';
import { copyArgsSlices } from '../../../runtime/run/copy-args.ts';
import { createKnownModules } from '../../../runtime/run/known-modules.ts';
import { readRunOptions, withInputs } from '../../../runtime/run/read-run-options.ts';
import { SLICE } from '../../../runtime/vocabulary/in-slices.ts';

const known = new Map([
  ['fs', {}],
  ['http', {}],
]);
const script = { language: 'javascript', code: '1' };

describe('readRunOptions()', () => {
  test.each<[string, unknown, ErrorConstructor, string]>([
    ['an unknown option', { ...script, sandbox: false }, TypeError, 'unknown option "sandbox"'],
    ['a limit beside limits', { ...script, timeoutMs: 5 }, TypeError, 'write limits: { timeoutMs: … }'],
    ['a part of a grant beside it', { ...script, fs: [] }, TypeError, 'write grant: { fs: … }'],
    ['no code', { language: 'javascript' }, TypeError, 'language and code'],
    ['code and module', { ...script, module: new Uint8Array() }, TypeError, 'not both'],
    ['a module that is not bytes', { module: 7 }, TypeError, 'module is neither'],
    ['an unknown level', { ...script, level: 'none' }, TypeError, '"none"'],
    ['an unknown limit', { ...script, limits: { timeout: 5 } }, TypeError, 'unknown limit "timeout"'],
    ['a limit of 0 ms', { ...script, limits: { timeoutMs: 0 } }, RangeError, 'timeoutMs'],
    ['a limit over its range', { ...script, limits: { timeoutMs: 600_001 } }, RangeError, '600001'],
    ['a limit that is not a number', { ...script, limits: { timeoutMs: '5s' } }, TypeError, 'timeoutMs'],
    [
      'an unknown field of the grant',
      { ...script, grant: { files: [] } },
      TypeError,
      'unknown field "files"',
    ],
    [
      'a custom grant that no host function reads',
      { ...script, grant: { custom: { dice: 1 } } },
      TypeError,
      '"dice"',
    ],
    ['a built-in grant in the wrong place', { ...script, grant: { custom: { fs: [] } } }, TypeError, '"fs"'],
    [
      'an environment value that is not a string',
      { ...script, grant: { env: { A: 1 } } },
      TypeError,
      'env.A',
    ],
    ['an environment name with =', { ...script, grant: { env: { 'A=B': '' } } }, TypeError, 'A=B'],
    ['invoke without a module', { ...script, invoke: 'f' }, TypeError, 'invoke'],
    ['args without invoke', { module: new Uint8Array(1), args: [1] }, TypeError, 'argv'],
    ['argv with NUL', { ...script, argv: ['a\0b'] }, TypeError, 'NUL'],
    ['a relative cwd', { ...script, cwd: 'data' }, TypeError, 'cwd "data"'],
    ['inputs that are no JSON', { ...script, inputs: { f: () => 1 } }, TypeError, 'inputs.f'],
    ['inputs with a class instance', { ...script, inputs: { d: new Date() } }, TypeError, 'inputs.d'],
    [
      'a seed that is not a whole number',
      { ...script, deterministic: { seed: 0.5, now: 0 } },
      TypeError,
      'seed',
    ],
    ['a signal that is none', { ...script, signal: {} }, TypeError, 'signal'],
    ['nothing at all', undefined, TypeError, 'options'],
  ])('refuses %s', (_name, options, kind, text) => {
    const read = (): unknown => readRunOptions(options as RunOptions, known, createKnownModules());
    expect(read).toThrow(kind);
    expect(read).toThrow(text);
  });

  test('copies what it takes, so that the caller shares nothing with the run', () => {
    const inputs = { list: [1, 2] };
    const bytes = new Uint8Array([0, 1]);
    const request = readRunOptions(
      { module: bytes, invoke: 'f', args: [{ a: [1n] }, Number.NaN], inputs, stdin: { k: 'a\nb' } },
      known,
      createKnownModules(),
    );
    inputs.list.push(3);
    bytes[0] = 9;
    expect(request.inputs).toEqual({ list: [1, 2] });
    expect(request.source).toMatchObject({ kind: 'wasm', bytes: new Uint8Array([0, 1]) });
    expect(request.args).toEqual([{ a: [1n] }, Number.NaN]);
    expect(new TextDecoder().decode(request.stdin)).toBe('{"k":"a\\nb"}\n');
  });

  test('a "__proto__" key stays data', () => {
    const { inputs } = readRunOptions(
      { ...script, inputs: JSON.parse('{"__proto__":{"polluted":true}}') },
      known,
      createKnownModules(),
    );
    expect(Object.getPrototypeOf(inputs)).toBe(Object.prototype);
    expect(Object.keys(inputs)).toEqual(['__proto__']);
    expect(Reflect.get({}, 'polluted')).toBeUndefined();
  });
});

describe('arguments of a call', () => {
  const modules = createKnownModules();
  const read = (args: readonly unknown[]) =>
    readRunOptions({ module: new Uint8Array(8), invoke: 'f', args } as RunOptions, known, modules);

  test('are copied at once, or in slices where they are many', async () => {
    const bytes = Uint8Array.of(1, 2);
    const few = read([1n, Number.NaN, undefined, bytes, { a: [null, 'x'] }]);
    bytes[0] = 9;
    expect([few.args, few.manyArgs]).toEqual([
      [1n, Number.NaN, undefined, Uint8Array.of(1, 2), { a: [null, 'x'] }],
      undefined,
    ]);
    const many = [Array.from({ length: 20 * SLICE }, (_, at) => at)];
    const request = read(many);
    expect(request.args).toEqual([]);
    expect((await withInputs(request)).args).toEqual(many);
    const slices = copyArgsSlices(many);
    let pauses = 0;
    while (slices.next().done !== true) pauses += 1;
    expect(pauses).toBeGreaterThanOrEqual(19);
  });

  test.each<[string, unknown, ErrorConstructor, string]>([
    ['functions', { a: [() => 1] }, TypeError, 'args[0].a[0] is a function'],
    ['instances', new Map(), TypeError, 'args[0] is an instance of a class'],
    [
      'what is nested too deep',
      JSON.parse('['.repeat(3_000) + ']'.repeat(3_000)),
      TypeError,
      'nested deeper',
    ],
    ['too much of it', new Uint8Array(65 * 1024 * 1024), RangeError, 'over 67108864 bytes'],
  ])('refuse %s', (_, value, kind, message) => {
    expect(() => read([value])).toThrow(kind);
    expect(() => read([value])).toThrow(message);
  });
});
