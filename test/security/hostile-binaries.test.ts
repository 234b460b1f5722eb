import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createRuntime, type Runtime } from '../../runtime/index.ts';
import { inspectUpload } from '../../runtime/platform/inspect-upload.ts';
import { SandglassError } from '../../runtime/vocabulary/errors.ts';
import { guardBinary } from '../../runtime/wasm/guard.ts';
import { inspectBinary } from '../../runtime/wasm/inspect.ts';
import { wat } from '../guests/component/build.ts';
import { verifies } from '../support/verifies.ts';

verifies('EX-08', 'XT-13');

const OP = { end: 0x0b, const: 0x41, add: 0x6a, drop: 0x1a, call: 0x10, try: 0x1f, block: 0x02 };
const VOID = 0x40;
const I32 = 0x7f;
const MODULE = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
const EMPTY_COMPONENT = [0, 0x61, 0x73, 0x6d, 0x0d, 0, 1, 0];

type Bytes = Uint8Array | readonly number[];
const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const leb = (value: number): number[] =>
  value < 128 ? [value] : [(value & 127) | 128, ...leb(Math.floor(value / 128))];
const join = (...parts: readonly Bytes[]): Uint8Array<ArrayBuffer> => {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
};
const repeat = (part: Bytes, count: number): Uint8Array => {
  const whole = new Uint8Array(part.length * count);
  for (let at = 0; at < count; at++) whole.set(part, at * part.length);
  return whole;
};
const section = (id: number, ...content: readonly Bytes[]): Uint8Array => {
  const body = join(...content);
  return join([id], leb(body.length), body);
};
const custom = (name: Bytes, content: Bytes): Uint8Array => section(0, leb(name.length), name, content);
const TYPES = section(1, [1, 0x60, 0, 0]);
const FUNCTION = section(3, [1, 0]);
const START = section(7, [1, 6], text('_start'), [0, 0]);
const CODE = section(10, [1, 2, 0, OP.end]);
/** A command that does nothing, with more sections in their places. */
const command = (
  more: { readonly [at in 'imports' | 'tables' | 'memories' | 'tags' | 'globals' | 'elements']?: Bytes } & {
    readonly exports?: Bytes;
    readonly code?: Bytes;
    readonly after?: Bytes;
  } = {},
): Uint8Array<ArrayBuffer> =>
  join(
    ...[MODULE, TYPES, more.imports ?? [], FUNCTION, more.tables ?? [], more.memories ?? [], more.tags ?? []],
    ...[more.globals ?? [], more.exports ?? START, more.elements ?? [], more.code ?? CODE, more.after ?? []],
  );
const many = (id: number, count: number, item: Bytes): Uint8Array =>
  section(id, leb(count), repeat(item, count));
/** One body of this code. */
const code = (...parts: readonly Bytes[]): Uint8Array => {
  const body = join([0], ...parts, [OP.end]);
  return section(10, [1], leb(body.length), body);
};

/** The message of the refusal; `undefined` where it is taken. */
function refusal(look: () => unknown): string | undefined {
  try {
    look();
    return undefined;
  } catch (error) {
    if (error instanceof SandglassError && error.code === 'MODULE_INVALID') return error.message;
    throw error;
  }
}

describe('guardBinary() bounds what a binary declares, before anything goes through it', () => {
  const NO_NAME = custom([], []);
  test.each([
    ['sections of a module', command({ after: repeat(NO_NAME, 10_001) }), /over 10000 sections/],
    ['sections of a component', join(EMPTY_COMPONENT, repeat(NO_NAME, 10_001)), /over 10000 sections/],
    [
      'sections of components in a component',
      join(EMPTY_COMPONENT, repeat(section(4, EMPTY_COMPONENT, repeat(NO_NAME, 2_500)), 4)),
      /over 10000 sections/,
    ],
    [
      'modules in a component',
      join(EMPTY_COMPONENT, repeat(section(1, MODULE), 10_001)),
      /over 10000 sections/,
    ],
    ['imports', command({ imports: many(2, 50_001, [1, 0x61, 1, 0x62, 0, 0]) }), /50001 imports/],
    ['exports', command({ exports: many(7, 50_001, [0, 0, 0]) }), /50001 exports/],
    [
      'letters of names that are imported',
      command({ imports: many(2, 45, join(leb(100_000), repeat([0x78], 100_000), [1, 0x62, 0, 0])) }),
      /names of 4500051 characters/,
    ],
    [
      'letters of names that are exported',
      command({ exports: many(7, 45, join(leb(100_000), repeat([0x78], 100_000), [0, 0])) }),
      /names of 4500000 characters/,
    ],
    ['memories', command({ memories: many(5, 1_001, [0, 0]) }), /1001 memories/],
    ['tables', command({ tables: many(4, 1_001, [0x70, 0, 0]) }), /1001 tables/],
  ])('too many %s', (_name, bytes, reason) => {
    expect(refusal(() => guardBinary(bytes))).toMatch(reason);
    expect(refusal(() => inspectBinary(bytes))).toMatch(reason);
  });

  test('what real programs declare is taken', () => {
    for (const bytes of [
      command({ after: repeat(NO_NAME, 5_000) }),
      command({ memories: many(5, 10, [0, 0]), tables: many(4, 10, [0x70, 0, 0]) }),
      join(EMPTY_COMPONENT, repeat(section(1, MODULE), 500)),
    ])
      expect(refusal(() => guardBinary(bytes))).toBeUndefined();
  });
});

describe('modules of odd shapes', () => {
  let runtime: Runtime;
  beforeAll(() => {
    runtime = createRuntime();
  });
  afterAll(() => runtime.close());
  const ends = async (bytes: Uint8Array<ArrayBuffer>): Promise<string> => {
    const outcome = await runtime.run({ module: bytes, limits: { timeoutMs: 60_000, fuel: 10_000_000 } });
    return outcome.ok ? 'ok' : outcome.error.code;
  };

  test.each<[string, Uint8Array<ArrayBuffer>, string]>([
    [
      'a constant of 50,000 sums',
      command({
        globals: section(6, [1, I32, 0, OP.const, 0], repeat([OP.const, 1, OP.add], 50_000), [OP.end]),
      }),
      'ok',
    ],
    ['50,000 globals', command({ globals: many(6, 50_000, [I32, 0, OP.const, 0, OP.end]) }), 'ok'],
    ['50,000 tags', command({ tags: many(13, 50_000, [0, 0]) }), 'ok'],
    [
      'a table of 500,000 times one function',
      command({
        tables: section(4, [1, 0x70, 0, 1]),
        elements: section(9, [1, 1, 0], leb(500_000), new Uint8Array(500_000)),
      }),
      'ok',
    ],
    [
      'a stack of 100,000 values',
      command({ code: code(repeat([OP.const, 0], 100_000), repeat([OP.drop], 100_000)) }),
      'ok',
    ],
    [
      'a megabyte that is never reached',
      command({ code: code([0], repeat([OP.drop], 900_000)) }),
      'GUEST_TRAPPED',
    ],
    [
      '4,000 handlers within each other',
      command({
        code: code(repeat([OP.block, VOID, OP.try, VOID, 1, 2, 0], 4_000), repeat([OP.end, OP.end], 4_000)),
      }),
      'ok',
    ],
    [
      'a start function that calls itself',
      command({ after: [], code: code([OP.call, 0]) }),
      'STACK_EXCEEDED',
    ],
    [
      'names of a megabyte',
      command({ after: custom(text('name'), join([1], leb(1_000_000), new Uint8Array(1_000_000))) }),
      'ok',
    ],
    [
      'names that lie about their length',
      command({ after: custom(text('name'), [1, 0xff, 0xff, 0x7f, 1]) }),
      'ok',
    ],
    [
      'a section that lies about its length',
      command({ after: [0, 0xff, 0xff, 0xff, 0xff, 0x0f, 1, 0x61] }),
      'MODULE_INVALID',
    ],
    [
      'a section whose name lies about its length',
      command({ after: [0, 5, 0xff, 0xff, 0x7f, 1, 1] }),
      'MODULE_INVALID',
    ],
    [
      'a section whose name is no text',
      command({ after: custom([0xff, 0xfe], text('{}')) }),
      'MODULE_INVALID',
    ],
  ])('%s', async (_name, bytes, end) => {
    expect(await ends(bytes)).toBe(end);
    // Whoever comes next begins as ever.
    expect(await ends(command())).toBe('ok');
  });
});

describe('a manifest inside a binary', () => {
  const MANIFEST = text('sandglass:manifest');
  let runtime: Runtime;
  let tool: Uint8Array<ArrayBuffer>;
  beforeAll(async () => {
    runtime = createRuntime();
    tool = await wat(`(component
      (core module $m (memory (export "memory") 1)
        (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024))
        (func (export "invoke") (param i32 i32) (result i32) (i32.const 0)))
      (core instance $i (instantiate $m))
      (alias core export $i "memory" (core memory $memory))
      (alias core export $i "realloc" (core func $realloc))
      (func (export "invoke") (param "input" string) (result string)
        (canon lift (core func $i "invoke") (memory $memory) (realloc $realloc))))`);
  });
  afterAll(() => runtime.close());

  const manifest = (value: object): Uint8Array =>
    text(JSON.stringify({ name: 'a', description: 'b', ...value }));
  const deep = (levels: number): object => JSON.parse(`${'{"not":'.repeat(levels)}{}${'}'.repeat(levels)}`);
  const tree = Object.fromEntries(
    Array.from({ length: 30 }, (_, at) => {
      const next = { $ref: `#/$defs/x${at + 1}` };
      return [`x${at}`, { allOf: [next, next] }];
    }),
  );

  test.each<[string, Bytes, string]>([
    ['of two megabytes', repeat([0x20], 2_000_000), 'MODULE_INVALID'],
    ['that is no UTF-8', [0x7b, 0xff, 0xfe, 0x7d], 'MODULE_INVALID'],
    ['with half of a character', [0x22, 0xed, 0xa0, 0x80, 0x22], 'MODULE_INVALID'],
    ['that is empty', [], 'MANIFEST_INVALID'],
    ['of a number in hundred thousand digits', text('9'.repeat(100_000)), 'MANIFEST_INVALID'],
    ['of lists in lists', text('['.repeat(100_000) + ']'.repeat(100_000)), 'MANIFEST_INVALID'],
    ['of many small lists', text(`[${'[],'.repeat(80_000)}0]`), 'MANIFEST_INVALID'],
    ['with a prototype', text('{"__proto__":{"name":"x"},"name":"a","description":"b"}'), 'MANIFEST_INVALID'],
    ['with a field of its own', manifest({ sudo: true }), 'MANIFEST_INVALID'],
    ['with a schema nested 200 deep', manifest({ input: { x: deep(200) } }), 'MANIFEST_INVALID'],
    [
      'with a schema that doubles 30 times',
      manifest({ input: { $ref: '#/$defs/x0', $defs: { ...tree, x30: { type: 'object' } } } }),
      'MANIFEST_INVALID',
    ],
    [
      'with a schema that refers to itself',
      manifest({ input: { $ref: '#/$defs/a', $defs: { a: { $ref: '#/$defs/a' } } } }),
      'MANIFEST_INVALID',
    ],
    [
      'with 50,000 values to choose from',
      manifest({ input: { s: { enum: Array.from({ length: 50_000 }, (_, at) => at) } } }),
      'MANIFEST_INVALID',
    ],
    [
      'with 60,000 keywords',
      manifest({ keywords: Array.from({ length: 60_000 }, () => 'x') }),
      'MANIFEST_INVALID',
    ],
    [
      'with limits of no size',
      manifest({ limits: { memoryBytes: 1e308, timeoutMs: -1 } }),
      'MANIFEST_INVALID',
    ],
    ['whose name would be code', manifest({ name: "a'];process.exit(3);//" }), 'MANIFEST_INVALID'],
    ['whose name ends a comment', manifest({ name: 'a\n*/ import os' }), 'MANIFEST_INVALID'],
    ['whose name is a path', manifest({ name: '../../etc/passwd' }), 'MANIFEST_INVALID'],
    ['whose name is a prototype', manifest({ name: '__proto__' }), 'MANIFEST_INVALID'],
  ])('%s is refused, and what carries it is only a module', async (_name, content, refused) => {
    for (const head of [tool, command()]) {
      const bytes = join(head, custom(MANIFEST, content));
      expect(() => runtime.tools.register(undefined, bytes)).toThrow(
        expect.objectContaining({ code: refused }),
      );
      await expect(inspectUpload(bytes)).resolves.toMatchObject({ exports: [expect.any(String)] });
    }
    expect(runtime.tools.list()).toEqual([]);
  });

  test('there are two of, or under a name that is nearly its own', () => {
    const good = manifest({});
    const twice = join(tool, custom(MANIFEST, good), custom(MANIFEST, good));
    expect(() => runtime.tools.register(undefined, twice)).toThrow(/two sections/);
    const near = join(command(), custom(text('sandglass:manifest\0'), good));
    expect(() => runtime.tools.register(undefined, near)).toThrow(/it has no manifest/);
  });

  test('whose name is that of a method is a tool like others', () => {
    const bytes = join(tool, custom(MANIFEST, manifest({ name: 'constructor' })));
    expect(runtime.tools.register(undefined, bytes)).toMatchObject([{ name: 'constructor' }]);
    expect(runtime.tools.info('toString')).toBeUndefined();
    expect(runtime.tools.unregister('constructor')).toBe(true);
  });
});
