import { afterAll, describe, expect, test } from 'vitest';
import type { RuntimeEvent, ToolsOptions } from '../../../runtime/index.ts';
import { codeOf, ECHO, toolsRuntime } from '../../support/tools-runtime.ts';
import { verifies } from '../../support/verifies.ts';

verifies('PM-27');

const INPUT = {
  path: { type: 'string', format: 'path', optional: true },
  sql: { type: 'string', format: 'sql', optional: true },
  url: { type: 'string', format: 'http-url', optional: true },
  note: { type: 'string', maxLength: 5, optional: true },
  list: { type: 'array', items: { type: 'string', format: 'path' }, maxItems: 2, optional: true },
} as const;

const { runtime, guests } = toolsRuntime();
afterAll(() => runtime.close());
const { tools } = runtime;
tools.register({ name: 'kinds', description: 'x', input: INPUT }, ECHO);

const kindsOf = (args: object) =>
  tools.validate('kinds', args).errors.map(({ path, kind }) => `${path} ${kind}`);

describe('what arguments offend against', () => {
  test('is told with its kind, all in one answer, and no guest starts', async () => {
    const outcome = await tools.call('kinds', {
      path: '/data/../../etc/passwd',
      sql: 'select 1; drop table people',
      url: 'ftp://example.com/',
      note: 'longer',
      list: ['', '/ok', '/more'],
    });
    expect(codeOf(outcome)).toBe('INPUT_INVALID');
    const errors = outcome.ok
      ? []
      : (outcome.error.details?.errors as readonly { path: string; kind: string }[]);
    expect(errors.map(({ path, kind }) => `${path} ${kind}`).sort()).toEqual([
      'list size',
      'list[0] path',
      'note size',
      'path path',
      'sql sql',
      'url url',
    ]);
    expect(guests()).toBe(0);
  });

  test.each([
    '/data/a.txt',
    'a/../b',
    '../sibling',
    './a b/ü',
    '/data/..',
    '~/x',
    'a:b',
    `/${'n'.repeat(255)}`,
  ])('path %j is one', (path) => expect(kindsOf({ path })).toEqual([]));

  test.each([
    '',
    '/..',
    '/a/../../b',
    'file:///etc/passwd',
    'C:\\x',
    '\\\\host\\share',
    'a\nb',
    `/${'n'.repeat(256)}`,
    `/${'a/'.repeat(2_100)}`,
  ])('path %j is none', (path) => expect(kindsOf({ path })).toEqual(['path path']));

  test.each([
    'select 1',
    'select 1;',
    'select 1 ;\n-- the end\n',
    'select \';\' as a, "x;y", [a;b], `c;d` from t',
    "select 'it''s; fine'",
    "select E'a\\'; b'",
    'select $$ a; b $$, $tag$ c; $$ d $tag$',
    '/* a; b */ select 1',
    "select 'unclosed; text",
    'select $1, $2',
  ])('sql %j is one statement', (sql) => expect(kindsOf({ sql })).toEqual([]));

  test.each([
    '',
    '  ',
    ';',
    '-- nothing',
    'select 1; select 2',
    "select ''; delete from t",
    'select 1;;select 2',
    'select $$a$$; x',
    'select 1 \x07',
    `select ${'1,'.repeat(50_001)}1`,
  ])('sql %j is none', (sql) => expect(kindsOf({ sql })).toEqual(['sql sql']));

  test.each(['https://example.com/a?b=c#d', 'http://127.0.0.1:8080/', 'https://münchen.example/'])(
    'url %j is one',
    (url) => expect(kindsOf({ url })).toEqual([]),
  );

  test.each([
    '',
    'example.com',
    '/relative',
    'javascript:alert(1)',
    'https://user:secret@example.com/',
    'https://example.com/a b',
    `https://example.com/${'a'.repeat(8_192)}`,
  ])('url %j is none', (url) => expect(kindsOf({ url })).toEqual(['url url']));

  test('a long hostile text is looked at once', () => {
    expect(kindsOf({ sql: `${"'".repeat(99_999)}` })).toEqual([]);
    expect(kindsOf({ sql: '/* '.repeat(33_000) })).toEqual(['sql sql']);
    expect(kindsOf({ path: '../'.repeat(1_300) })).toEqual([]);
  });
});

test("models are told of formats that they know, and of a field's own name nothing is lost", () => {
  tools.register(
    {
      name: 'named',
      description: 'x',
      input: {
        type: 'object',
        properties: {
          default: { type: 'string', format: 'path' },
          format: { type: 'string', format: 'http-url', default: 'https://example.com/' },
          day: { type: 'string', format: 'date' },
          any: {
            anyOf: [
              { type: 'string', format: 'sql' },
              { type: 'object', default: { format: 'path' } },
            ],
          },
        },
      },
    },
    ECHO,
  );
  const [tool] = tools.forModel({ format: 'mcp', names: ['named'] });
  expect(tool?.inputSchema.properties).toEqual({
    default: { type: 'string' },
    format: { type: 'string', format: 'uri', default: 'https://example.com/' },
    day: { type: 'string', format: 'date' },
    any: { anyOf: [{ type: 'string' }, { type: 'object', default: { format: 'path' } }] },
  });
});

describe("an embedder's validators", () => {
  const validated = (validators: ToolsOptions['validators']) => {
    const made = toolsRuntime({
      ...(validators === undefined ? {} : { tools: { validators } }),
      onError: () => undefined,
    });
    made.runtime.tools.register({ name: 'echo', description: 'x', input: { x: { type: 'string' } } }, ECHO);
    made.runtime.tools.register({ name: 'other', description: 'x', input: { x: { type: 'string' } } }, ECHO);
    return made;
  };

  test('refuse with their names and reasons, all in one answer, before any guest', async () => {
    const denied: RuntimeEvent[] = [];
    const { runtime: own, guests: started } = validated([
      {
        name: 'no-secrets',
        tools: ['echo'],
        check: ({ args }) => (args.x === 'key' ? [{ path: 'x', reason: 'it is a secret' }] : undefined),
      },
      {
        name: 'hours',
        tools: ['ec*'],
        check: ({ args, caller }) => (args.x === 'key' ? `not for ${caller?.id}` : undefined),
      },
    ]);
    own.on('denied', (event) => void denied.push(event));
    const caller = { id: 'ana', permissions: [] };
    const outcome = await own.tools.call('echo', { x: 'key' }, { caller });
    expect(outcome).toMatchObject({
      ok: false,
      error: {
        code: 'CAPABILITY_DENIED',
        message: 'Cannot call "echo": x: it is a secret (no-secrets); not for ana (hours)',
        retryable: false,
        details: {
          refusals: [
            { validator: 'no-secrets', path: 'x', reason: 'it is a secret' },
            { validator: 'hours', path: '', reason: 'not for ana' },
          ],
        },
      },
    });
    expect(outcome.trace.find(({ code }) => code !== undefined)).toMatchObject({
      stage: 'validate',
      code: 'CAPABILITY_DENIED',
    });
    expect(started()).toBe(0);
    expect(denied).toMatchObject([{ gate: 'execution', code: 'CAPABILITY_DENIED' }]);
    expect(own.tools.validate('echo', { x: 'key' }).errors).toMatchObject([
      { path: 'x', rule: 'validator', message: 'no-secrets: it is a secret' },
      { path: '', rule: 'validator' },
    ]);
    expect(codeOf(await own.tools.call('other', { x: 'key' }))).toBe('ok');
    expect(codeOf(await own.tools.call('echo', { x: 'fine' }))).toBe('ok');
    await own.close();
  });

  test('see what a hook made of the arguments, and change nothing themselves', async () => {
    const { runtime: own } = validated([
      {
        name: 'no-key',
        check: ({ args }) => {
          const refused = args.x === 'key';
          (args as { x: string }).x = 'changed';
          return refused ? 'a key' : undefined;
        },
      },
    ]);
    expect(await own.tools.call('echo', { x: 'fine' })).toMatchObject({ ok: true, value: { x: 'fine' } });
    own.tools.hooks.add({ name: 'put', on: 'before', run: () => ({ args: { x: 'key' } }) });
    expect(codeOf(await own.tools.call('echo', { x: 'fine' }))).toBe('CAPABILITY_DENIED');
    await own.close();
  });

  test.each([
    [
      'throws',
      () => {
        throw new Error('broken');
      },
    ],
    ['answers later', async () => undefined],
    ['answers something else', () => true],
    ['answers faults without a reason', () => [{ path: 'x' }]],
  ])('one that %s lets nothing through', async (_, check) => {
    const { runtime: own, guests: started } = validated([{ name: 'odd', check: check as never }]);
    expect(await own.tools.call('echo', { x: 'a' })).toMatchObject({
      ok: false,
      error: { code: 'INTERNAL', details: { validator: 'odd' } },
    });
    expect(started()).toBe(0);
    await own.close();
  });

  const check = (): undefined => undefined;
  test.each([
    'x',
    [{ name: '', check }],
    [{ name: 'a' }],
    [{ name: 'a', check, extra: 1 }],
    [{ name: 'a', tools: 'x', check }],
    [
      { name: 'a', check },
      { name: 'a', check },
    ],
  ])('%j is no list of them', (list) => {
    expect(() => toolsRuntime({ tools: { validators: list as never } })).toThrow(TypeError);
  });
});

describe('a schema is the same law at any length', () => {
  const withNote = (schema: object, length: number) => ({ ...schema, $comment: 'x'.repeat(length) }) as never;

  test.each([0, 5_000])(
    'what every object inherits is not there, with %i characters more',
    async (length) => {
      const { runtime: own } = toolsRuntime();
      await using _ = own;
      const inherited = {
        type: 'object',
        properties: { toString: { type: 'string' } },
        required: ['constructor'],
      };
      own.tools.register({ name: 'inherited', description: 'x', input: withNote(inherited, length) }, ECHO);
      expect(own.tools.validate('inherited', {}).errors).toHaveLength(1);
    },
  );

  test('a schema that is too large to compile has every keyword that a small one has', async () => {
    const { runtime: own } = toolsRuntime();
    await using _ = own;
    const closed = {
      type: 'object',
      properties: { a: { type: 'number', nullable: true } },
      dependencies: { a: ['c'] },
      allOf: [{ properties: { c: { type: 'string' } } }],
      unevaluatedProperties: false,
    };
    own.tools.register({ name: 'small', description: 'x', input: withNote(closed, 0) }, ECHO);
    own.tools.register({ name: 'large', description: 'x', input: withNote(closed, 5_000) }, ECHO);
    for (const args of [{ a: null, c: 'x' }, { b: 1 }, { a: 1 }, { c: 1 }, { c: 'x', d: 1 }]) {
      const [small, large] = ['small', 'large'].map((name) =>
        own.tools.validate(name, args, { coerce: false }),
      );
      expect(large).toEqual(small);
    }
    expect(own.tools.validate('large', { b: 1 }).errors).toMatchObject([
      { path: 'b', rule: 'unevaluatedProperties' },
    ]);
  });
});
