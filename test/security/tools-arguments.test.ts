import { expect, test } from 'vitest';
import { codeOf, ECHO, toolsRuntime } from '../support/tools-runtime.ts';
import { verifies } from '../support/verifies.ts';

test(
  'hostile keys, NULs, depth and size are refused before any guest starts',
  verifies('RG-16'),
  async () => {
    const { runtime, guests } = toolsRuntime();
    runtime.tools.register({ name: 'any', description: 'x', input: { type: 'object' } }, ECHO);
    let deep: unknown = 1;
    for (let level = 0; level < 1_000; level++) deep = { a: deep };
    const attacks: unknown[] = [
      JSON.parse('{"__proto__":{"polluted":1}}'),
      JSON.parse('{"a":[{"constructor":{"prototype":{}}}]}'),
      { path: '/data/\0x' },
      { 'a\0': 1 },
      deep,
      { text: 'x'.repeat(9 * 1024 * 1024) },
      { list: Array.from({ length: 100_001 }, () => 1) },
      Object.fromEntries(Array.from({ length: 13_000 }, (_, at) => [`k${at}`, 1])),
    ];
    for (const attack of attacks)
      expect(codeOf(await runtime.tools.call('any', attack))).toBe('INPUT_INVALID');
    expect(guests()).toBe(0);
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
  },
);

test('patterns of schemas are told apart and matched in linear time', verifies('RG-13'), () => {
  const { runtime } = toolsRuntime();
  const input = {
    mail: { type: 'string', pattern: '^[^@]+@[^@]+$', optional: true },
    word: { type: 'string', pattern: '(a+)+$', optional: true },
  };
  runtime.tools.register({ name: 'patterns', description: 'x', input }, ECHO);
  const valid = (args: object): boolean => runtime.tools.validate('patterns', args).valid;
  expect([valid({ mail: 'a' }), valid({ mail: 'a@b' }), valid({ word: 'b' }), valid({ word: 'ba' })]).toEqual(
    [false, true, false, true],
  );
  expect(valid({ word: `${'a'.repeat(50_000)}!` })).toBe(false);
});

test('patterns that take many steps a character bound the text, and the bound lets nothing by', () => {
  const { runtime } = toolsRuntime();
  const { tools } = runtime;
  const slow = '(\\p{L}{1,30}){1,30}[0-9]';
  const register = (name: string, schema: object): void => {
    tools.register({ name, description: 'x', input: { type: 'object', ...schema } }, ECHO);
  };
  register('one', { properties: { a: { pattern: slow } } });
  register('none', { properties: { a: { not: { pattern: slow } } } });
  register('fields', {
    properties: { list: { items: { pattern: slow } } },
    patternProperties: { '^x': false },
  });
  const errors = (name: string, args: object) => tools.validate(name, args).errors;
  expect(errors('one', { a: `${'a'.repeat(1_000)}1` })).toEqual([]);
  const over = [{ path: '', rule: 'pattern', message: expect.stringContaining('too long') }];
  expect(errors('one', { a: 'a'.repeat(100_000) })).toMatchObject(over);
  // What is not matched does not pass as what must not match.
  expect(errors('none', { a: `${'a'.repeat(100_000)}1` })).toMatchObject(over);
  expect(
    errors('fields', { list: Array.from({ length: 100 }, () => `${'a'.repeat(1_000)}1`), x: 1 }),
  ).toMatchObject(over);
  // The next check begins anew.
  expect(errors('one', { a: `${'a'.repeat(1_000)}1` })).toEqual([]);
  expect(() =>
    register('many', {
      properties: Object.fromEntries(
        Array.from({ length: 2_000 }, (_, at) => [`p${at}`, { pattern: `\\p{L}{1,500}${at}` }]),
      ),
    }),
  ).toThrow('over 20000 steps a character');
});

test('of large arguments the first fault is told, not a list that is larger than they are', () => {
  const { runtime } = toolsRuntime();
  const alternatives = Array.from({ length: 20 }, (_, at) => ({
    properties: { a: { type: 'array', items: { const: -at - 1 } } },
  }));
  runtime.tools.register(
    { name: 'choice', description: 'x', input: { type: 'object', anyOf: alternatives } },
    ECHO,
  );
  const faults = (length: number) =>
    runtime.tools.validate('choice', { a: Array.from({ length }, (_, at) => at) }).errors.length;
  expect(faults(15_000)).toBeLessThan(50);
  expect(faults(15_000)).toBeGreaterThan(0);
});

test('a recursive schema that branches cannot be made to multiply work', () => {
  const { runtime } = toolsRuntime();
  const branch = { anyOf: Array.from({ length: 4 }, () => ({ $ref: '#/$defs/node' })) };
  const input = {
    type: 'object',
    properties: { a: branch },
    $defs: { node: { type: 'object', properties: { a: branch }, required: ['never'] } },
  };
  runtime.tools.register({ name: 'tree', description: 'x', input }, ECHO);
  let args: object = {};
  for (let level = 0; level < 40; level++) args = { a: args };
  expect(runtime.tools.validate('tree', args).errors).toMatchObject([{ rule: 'depth' }]);
});

test(
  'a hook that throws or never ends refuses the call; after the fact it changes nothing',
  verifies('HK-01', 'HK-02', 'HK-03', 'HK-04', 'HK-05'),
  async () => {
    const { runtime, guests } = toolsRuntime({ onError: () => undefined });
    const { tools } = runtime;
    tools.register({ name: 'echo', description: 'x', input: { n: { type: 'integer' } } }, ECHO);
    tools.register(
      { name: 'fails', description: 'x' },
      {
        trusted: true,
        run: () => {
          throw new Error('no');
        },
      },
    );
    const order: number[] = [];
    for (const priority of [10, 100, 50])
      tools.hooks.add({ name: `h${priority}`, on: 'before', priority, run: () => void order.push(priority) });
    tools.hooks.add({
      name: 'bad',
      on: 'before',
      tools: ['echo'],
      run: () => {
        throw new Error('no');
      },
    });
    expect(await tools.call('echo', { n: 1 })).toMatchObject({
      ok: false,
      error: { code: 'INTERNAL', details: { hook: 'bad' } },
    });
    expect(order).toEqual([100, 50, 10]);
    tools.hooks.remove('bad');
    tools.hooks.add({
      name: 'never',
      on: 'before',
      timeoutMs: 5,
      tools: ['echo'],
      run: () => new Promise(() => undefined),
    });
    expect(codeOf(await tools.call('echo', { n: 1 }))).toBe('INTERNAL');
    tools.hooks.remove('never');
    tools.hooks.add({ name: 'stop', on: 'before', tools: ['echo'], run: () => ({ stop: 'not today' }) });
    expect(await tools.call('echo', { n: 1 })).toMatchObject({
      ok: false,
      error: { code: 'CAPABILITY_DENIED', message: expect.stringContaining('not today') },
    });
    tools.hooks.remove('stop');
    tools.hooks.add({ name: 'change', on: 'before', tools: ['echo'], run: () => ({ args: { n: 'x' } }) });
    expect(codeOf(await tools.call('echo', { n: 1 }))).toBe('INPUT_INVALID');
    tools.hooks.remove('change');
    expect(guests()).toBe(0);
    tools.hooks.add({
      name: 'late',
      on: 'after',
      run: () => {
        throw new Error('no');
      },
    });
    expect(await tools.call('echo', { n: 1 })).toMatchObject({ ok: true, value: { n: 1 } });
    tools.hooks.add({
      name: 'fallback',
      on: 'error',
      tools: ['fails'],
      run: (_, { error }) => ({ value: { instead: error?.code ?? null } }),
    });
    expect(await tools.call('fails')).toMatchObject({ ok: true, value: { instead: 'GUEST_THREW' } });
    await runtime.close();
  },
);

test(
  'a tool does not get what its manifest does not ask for, though caller and policy have it',
  verifies('PM-02', 'EX-34'),
  async () => {
    const { runtime } = toolsRuntime({
      policy: { fs: [{ host: 'wit', guest: '/data', access: ['read', 'write'] }], env: { KEY: 'secret' } },
    });
    const code = (what: string): { language: 'js'; code: string } => ({
      language: 'js',
      code: `import * as fs from 'node:fs/promises'; export const run = async () => ${what}`,
    });
    runtime.tools.register(
      { name: 'writes', description: 'x', capabilities: ['fs.read'] },
      code(`fs.writeFile('/data/hacked.wit', 'x')`),
    );
    runtime.tools.register(
      { name: 'elsewhere', description: 'x', capabilities: [{ name: 'fs.read', paths: ['/data/sub'] }] },
      code(`fs.readFile('/data/tool.wit', 'utf8')`),
    );
    runtime.tools.register(
      { name: 'env', description: 'x' },
      code(`Object.keys(process.env).includes('KEY')`),
    );
    expect(codeOf(await runtime.tools.call('writes'))).toBe('CAPABILITY_DENIED');
    expect(codeOf(await runtime.tools.call('elsewhere'))).not.toBe('ok');
    expect(await runtime.tools.call('env')).toMatchObject({ ok: true, value: false });
    await runtime.close();
  },
);

test(
  'a guest calls tools through the same pipeline, with the permissions of its run',
  verifies('LM-15'),
  async () => {
    const { runtime } = toolsRuntime({ policy: { fs: [{ host: 'wit', guest: '/data' }], tools: ['*'] } });
    const called: string[] = [];
    runtime.on('tool.called', ({ tool, ok, identity }) => called.push(`${tool} ${ok} ${identity.depth}`));
    runtime.tools.register(
      { name: 'double', description: 'x', input: { n: { type: 'number' } } },
      { language: 'js', code: 'export const run = ({ n }) => n * 2' },
    );
    runtime.tools.register(
      { name: 'reads', description: 'x', capabilities: ['fs.read'] },
      {
        language: 'js',
        code: `import * as fs from 'node:fs/promises'; export const run = () => fs.readFile('/data/tool.wit', 'utf8')`,
      },
    );
    runtime.tools.register(
      { name: 'outer', description: 'x', capabilities: ['tools.call'] },
      {
        language: 'js',
        code: `export const run = async () => { const n = await tools.double({ n: '4' }); try { await tools.reads(); } catch (error) { return [n, error.code]; } }`,
      },
    );
    expect(
      await runtime.run({
        language: 'js',
        code: 'await tools.double({ n: 21 })',
        grant: { tools: ['double'] },
      }),
    ).toMatchObject({ ok: true, value: 42 });
    expect(await runtime.tools.call('outer')).toMatchObject({ ok: true, value: [8, 'CAPABILITY_DENIED'] });
    expect(called).toEqual(['double true 1', 'double true 1', 'reads false 1', 'outer true 0']);
    await runtime.close();
  },
);
