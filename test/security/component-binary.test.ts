import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import type { RunJob } from '../../runtime/contracts/engine.ts';
import { createComponentEngine } from '../../runtime/engines/component/engine.ts';
import { createRuntime } from '../../runtime/index.ts';
import { mergeLimits } from '../../runtime/vocabulary/limits.ts';
import { probeGuest, wat } from '../guests/component/build.ts';
import { wasm } from '../support/engine-guests.ts';
import { verifies } from '../support/verifies.ts';

verifies('EX-07', 'EX-08');

declare global {
  var componentCanary: number | undefined;
}

afterEach(() => {
  expect(globalThis.componentCanary).toBeUndefined();
});

/** Prepares bytes; a job would be the generator at work, which must not see what is refused before. */
const prepare = async (bytes: Uint8Array<ArrayBuffer>, memoryBytes?: number) => {
  let transpiled = 0;
  const job: RunJob = async () => {
    transpiled += 1;
    throw new Error('the generator was started');
  };
  const limits = mergeLimits(memoryBytes === undefined ? [] : [{ memoryBytes }]);
  const refusal: unknown = await createComponentEngine()
    .prepare(await wasm(bytes), { limits, compile: (core) => WebAssembly.compile(core), job })
    .then(
      () => undefined,
      (error: unknown) => error,
    );
  return { refusal, transpiled };
};

const invalid = (message: unknown = expect.any(String)) =>
  expect.objectContaining({ code: 'MODULE_INVALID', message });

/**
 * A component that gives on, under `names` names, a function it is given. What the function takes is a tuple, in a tuple, and so on, each
 * `times` times.
 */
function tuplesInTuples(levels: number, times: number, names = 1): Uint8Array<ArrayBuffer> {
  const leb = (value: number): number[] =>
    value < 128 ? [value] : [(value & 127) | 128, ...leb(value >>> 7)];
  /** A type by its number: with a sign, as simple types are negative. */
  const typed = (at: number): number[] => (at < 64 ? [at] : [(at & 127) | 128, ...typed(at >>> 7)]);
  const section = (id: number, content: number[]): number[] => [id, ...leb(content.length), ...content];
  const U8 = 0x7d;
  const tuples = Array.from({ length: levels }, (_, at) => [
    0x6f,
    ...leb(times),
    ...Array<number[]>(times)
      .fill(at === 0 ? [U8] : typed(at - 1))
      .flat(),
  ]);
  const exports = Array.from({ length: names }, (_, at) => {
    const name = [...new TextEncoder().encode(`g${at}`)];
    return [0, ...leb(name.length), ...name, 1, 0, 0];
  });
  return Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 0x0d, 0, 1, 0],
    ...section(7, [...leb(levels + 1), ...tuples.flat(), 0x40, 1, 1, 0x61, ...typed(levels - 1), 1, 0]),
    ...section(10, [1, 0, 1, 0x66, 1, ...leb(levels)]),
    ...section(11, [...leb(names), ...exports.flat()]),
  ]);
}

const HOSTILE = "');globalThis.componentCanary=1;('";

describe('names that could become code never reach the generator', () => {
  test.each([
    ['a core import', `(core module $m (import "${HOSTILE}" "f" (func)))`],
    ['a core export', `(core module $m (func (export "${HOSTILE}")))`],
    ['a core export with a line break', '(core module $m (func (export "a\\0ab")))'],
    ['a core export with a template', `(core module $m (func (export "$\{globalThis.componentCanary=1}")))`],
    [
      'an instantiation argument',
      `(core module $e) (core module $m (import "${HOSTILE}" "f" (func)))
       (core func $f (canon resource.drop 0)) (core instance $x (export "f" (func $f)))
       (core instance (instantiate $m (with "${HOSTILE}" (instance $x))))`,
    ],
  ])('%s', async (_, body) => {
    const text = body.includes('resource.drop') ? `(type (resource (rep i32))) ${body}` : body;
    const { refusal, transpiled } = await prepare(await wat(`(component ${text})`));
    expect(refusal).toEqual(invalid());
    expect(transpiled).toBe(0);
  });

  test('the name of a component export', async () => {
    const bytes = await wat('(component (type (record (field "a" u8))) (export "abcdefgh" (type 0)))');
    for (const name of ["ab');(cd", 'ab\ncd\\ef', 'ab cd ef', '__proto_']) {
      const at = Buffer.from(bytes).indexOf('abcdefgh');
      const changed = bytes.slice();
      changed.set(new TextEncoder().encode(name.padEnd(8, "'").slice(0, 8)), at);
      const { refusal, transpiled } = await prepare(changed);
      expect(refusal).toEqual(invalid());
      expect(transpiled).toBe(0);
    }
  });
});

describe('imports that nothing here provides', () => {
  const importing = (name: string, type: string): string => `(component (import "${name}" ${type}))`;
  const instance = (...exports: string[]): string => `(instance ${exports.join(' ')})`;
  const noop = '(export "exit" (func))';

  test.each([
    [
      'another package',
      importing('evil:host/fs@0.1.0', instance('(export "read" (func))')),
      'evil:host/fs@0.1.0',
    ],
    ['another version', importing('wasi:cli/exit@0.3.0', instance(noop)), 'wasi:cli/exit@0.3.0'],
    ['no version', importing('wasi:cli/exit', instance(noop)), 'wasi:cli/exit'],
    [
      'a later version of ours',
      importing('sandglass:host/fs@0.2.0', instance('(export "read" (func))')),
      'sandglass:host/fs@0.2.0',
    ],
    [
      'an interface that WASI does not have',
      importing('wasi:cli/exec@0.2.0', instance('(export "run" (func))')),
      'wasi:cli/exec@0.2.0',
    ],
    [
      'a name of every object',
      importing('wasi:cli/constructor@0.2.0', instance(noop)),
      'wasi:cli/constructor@0.2.0',
    ],
    ['a function at the top', importing('read-all', '(func (result string))'), 'read-all'],
    ['a resource at the top', importing('handle', '(type (sub resource))'), 'handle'],
    [
      'the WASI of processes',
      importing('wasi:http/incoming-handler@0.2.0', instance('(export "handle" (func))')),
      'wasi:http/incoming-handler@0.2.0',
    ],
    [
      'an unknown function of a known interface',
      importing('wasi:cli/exit@0.2.0', instance('(export "exit-host" (func))')),
      'wasi:cli/exit@0.2.0#exit-host',
    ],
    [
      'a method that every object has',
      importing(
        'wasi:io/error@0.2.0',
        instance(
          '(export "error" (type (sub resource)))',
          '(export "[method]error.constructor" (func (param "self" (borrow 0)) (result string)))',
        ),
      ),
      'wasi:io/error@0.2.0#[method]error.constructor',
    ],
    [
      'a static function on a class of ours',
      importing(
        'wasi:io/error@0.2.0',
        instance(
          '(export "error" (type (sub resource)))',
          '(export "[static]error.constructor" (func (result string)))',
        ),
      ),
      'wasi:io/error@0.2.0#[static]error.constructor',
    ],
  ])('%s', async (_, text, name) => {
    const { refusal, transpiled } = await prepare(await wat(text));
    expect(refusal).toEqual(invalid(`Cannot load the component: nothing here provides its import "${name}"`));
    expect(transpiled).toBe(0);
  });

  test.each([
    ['a number for a path', 'sandglass:host/fs@0.1.0', '(export "mkdir" (func (param "path" u32)))', 'mkdir'],
    [
      'one argument too many',
      'wasi:cli/environment@0.2.0',
      '(export "initial-cwd" (func (param "a" u8) (result (option string))))',
      'initial-cwd',
    ],
    [
      'another result',
      'wasi:random/random@0.2.0',
      '(export "get-random-u64" (func (result string)))',
      'get-random-u64',
    ],
    [
      'a resource of the same name from elsewhere',
      'wasi:cli/stdout@0.2.0',
      '(export "output-stream" (type (sub resource))) (export "get-stdout" (func (result (own 0))))',
      'get-stdout',
    ],
  ])('%s is another type', async (_, name, exports, functionName) => {
    const { refusal, transpiled } = await prepare(await wat(importing(name, instance(exports))));
    expect(refusal).toEqual(
      expect.objectContaining({
        code: 'MODULE_INVALID',
        message: `Cannot load the component: its import "${name}#${functionName}" has another type`,
        details: expect.objectContaining({ expected: expect.any(String), got: expect.any(String) }),
      }),
    );
    expect(transpiled).toBe(0);
  });
});

describe('bombs and broken binaries', () => {
  test('a nesting bomb under 1 KB is refused before the generator', async () => {
    const nest = (depth: number): string =>
      depth === 0
        ? '(component)'
        : `(component ${nest(depth - 1)} ${'(instance (instantiate 0))'.repeat(12)})`;
    const bytes = await wat(nest(10));
    expect(bytes.length).toBeLessThan(1024);
    const { refusal, transpiled } = await prepare(bytes);
    expect(refusal).toEqual(invalid());
    expect(transpiled).toBe(0);
  });

  test.each([
    ['stand in each other twice', 30, 2, 'one of its types is too large'],
    ['stand in each other very deep', 9_000, 1, 'its types are nested too deeply'],
  ])('tuples that %s are refused, by a run and as tools', async (_, levels, times, message) => {
    const bytes = tuplesInTuples(levels, times);
    const { refusal, transpiled } = await prepare(bytes);
    expect(refusal).toEqual(invalid(expect.stringContaining(message)));
    expect(transpiled).toBe(0);
    const folder = await mkdtemp(join(tmpdir(), 'tuples-'));
    try {
      await writeFile(join(folder, 'bomb.wasm'), bytes);
      await using runtime = createRuntime();
      await expect(runtime.tools.load(join(folder, 'bomb.wasm'))).rejects.toEqual(
        invalid(expect.stringContaining(message)),
      );
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test('tuples as deep and as many as people write are read', async () => {
    const read = invalid(expect.stringContaining('nothing here provides its import "f"'));
    expect((await prepare(tuplesInTuples(90, 1))).refusal).toEqual(read);
    expect((await prepare(tuplesInTuples(10, 2))).refusal).toEqual(read);
  });

  test('functions that weigh too much together are refused', async () => {
    const few = await prepare(tuplesInTuples(14, 2, 3));
    expect(few.refusal).toEqual(invalid(expect.stringContaining('nothing here provides its import "f"')));
    const many = await prepare(tuplesInTuples(14, 2, 1_000));
    expect(many.refusal).toEqual(invalid(expect.stringContaining('its types are too many')));
  });

  test('types nested without end are refused', async () => {
    const levels = 20_000;
    // Each level is a type section entry: component type with one declaration, which is a type.
    const nested = new Uint8Array(levels * 3 + 1);
    for (let level = 0; level < levels; level++) nested.set([0x41, 0x01, 0x01], level * 3);
    nested[levels * 3] = 0x7f;
    const size = nested.length + 1;
    const length = [(size & 0x7f) | 0x80, ((size >> 7) & 0x7f) | 0x80, size >> 14];
    const bytes = Uint8Array.from([0, 0x61, 0x73, 0x6d, 0x0d, 0, 1, 0, 7, ...length, 1, ...nested]);
    const { refusal, transpiled } = await prepare(bytes);
    expect(refusal).toEqual(invalid());
    expect(transpiled).toBe(0);
  });

  test('memory that starts over the cap is refused before the generator', async () => {
    const bytes = await wat('(component (core module $m (memory 20000)) (core instance (instantiate $m)))');
    const { refusal } = await prepare(bytes);
    expect(refusal).toEqual(expect.objectContaining({ code: 'MEMORY_EXCEEDED' }));
  });

  test('memories that start over the cap only together are refused', async () => {
    const module = '(core module (memory 10))';
    const bytes = await wat(`(component ${module} ${module})`);
    const { refusal } = await prepare(bytes, 1024 * 1024);
    expect(refusal).toEqual(expect.objectContaining({ code: 'MEMORY_EXCEEDED' }));
  });

  test('every cut of a component is refused without a crash', async () => {
    const bytes = await probeGuest();
    const cuts = Array.from({ length: 40 }, (_, index) => Math.floor((bytes.length * index) / 40));
    for (const end of cuts) {
      const { refusal } = await prepare(bytes.slice(0, end));
      // The generator is this test's own stand-in: whatever reaches it was whole as far as its sections go.
      expect(refusal).toBeInstanceOf(Error);
    }
  });

  test('a core module is not a component', async () => {
    const { refusal } = await prepare(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0));
    expect(refusal).toEqual(invalid('Cannot load "module.wasm": it is a core module, not a component'));
  });
});
