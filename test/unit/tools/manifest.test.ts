import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { MANIFEST_SCHEMA } from '../../../runtime/tools/manifest/manifest-schema.ts';
import type { SandglassError } from '../../../runtime/vocabulary/errors.ts';
import { ECHO, thrownCode, toolsRuntime } from '../../support/tools-runtime.ts';
import { verifies } from '../../support/verifies.ts';

const good = { name: 'echo', description: 'Answers its arguments' };

function faultsOf(manifest: unknown): readonly string[] {
  const { runtime } = toolsRuntime();
  try {
    runtime.tools.register(manifest as never, ECHO);
  } catch (error) {
    const { code, details } = error as SandglassError;
    expect(code).toBe('MANIFEST_INVALID');
    return ((details?.errors ?? []) as { path: string; message: string }[]).map(
      ({ path, message }) => `${path}: ${message}`,
    );
  }
  return [];
}

test('the published schema is the one that manifests are checked against', () => {
  const url = new URL('../../../runtime/tools/manifest/manifest.schema.json', import.meta.url);
  expect(JSON.parse(readFileSync(url, 'utf8'))).toEqual(MANIFEST_SCHEMA);
});

test('register() names every field that is wrong, at once', verifies('RG-03', 'RG-04', 'PM-08'), () => {
  expect(faultsOf({})).toEqual(['name: is required and missing', 'description: is required and missing']);
  expect(faultsOf({ ...good, name: 'a b' })[0]).toContain('name: "a b" does not fit the pattern');
  expect(faultsOf({ ...good, descripton: 'x' })).toEqual([
    'descripton: is not a known field, did you mean "description"?',
  ]);
  expect(faultsOf({ ...good, input: { type: 'objct' } })[0]).toContain('did you mean "object"?');
  expect(faultsOf({ ...good, input: { n: { type: 'number', pattrn: 'x' } } })[0]).toContain('input: ');
  expect(faultsOf({ ...good, capabilities: ['fs.red'] })[0]).toContain('did you mean "fs.read"?');
  expect(faultsOf({ ...good, capabilities: ['fs.re*'] })[0]).toContain('unknown capability');
  expect(faultsOf({ ...good, limits: { timeoutMs: 0 } })[0]).toContain('limits.timeoutMs: 0 is not >= 1');
  expect(faultsOf({ ...good, pipe: 'text' })[0]).toContain('pipe: "text" is not a field of the input');
  expect(
    faultsOf({ ...good, input: { n: { type: 'number' } }, examples: [{ input: { n: 'x' } }] })[0],
  ).toContain('examples[0].input.n');
  expect(faultsOf(good)).toEqual([]);
});

test('a pattern that cannot be matched in linear time, a reference that leads out, a schema that doubles: refused', () => {
  expect(faultsOf({ ...good, input: { a: { type: 'string', pattern: '(?=a)b' } } })[0]).toContain('input: ');
  expect(faultsOf({ ...good, input: { a: { $ref: 'https://example.com/x.json' } } })[0]).toContain(
    'outside of itself',
  );
  const links = Object.fromEntries(
    Array.from({ length: 20 }, (_, index) => [
      `d${index}`,
      { allOf: [{ $ref: `#/$defs/d${index + 1}` }, { $ref: `#/$defs/d${index + 1}` }] },
    ]),
  );
  const bomb = {
    type: 'object',
    properties: { a: { $ref: '#/$defs/d0' } },
    $defs: { ...links, d20: { type: 'string' } },
  };
  expect(faultsOf({ ...good, input: bomb })[0]).toContain('comes to over');
  expect(faultsOf({ ...good, input: { type: 'object', allOf: [{ $ref: '#' }] } })[0]).toContain(
    'without end',
  );
});

test('what nothing enforces yet is UNSUPPORTED', () => {
  const { runtime } = toolsRuntime();
  for (const field of [{ source: true }, { sink: true }])
    expect(thrownCode(() => runtime.tools.register({ ...good, ...field } as never, ECHO))).toBe(
      'UNSUPPORTED',
    );
});

test(
  'a short map of parameters, a JSON Schema and a Standard Schema say the same',
  verifies('RG-12'),
  async () => {
    const { runtime } = toolsRuntime();
    const map = {
      operation: { enum: ['add', 'subtract'] },
      a: { type: 'number' },
      b: { type: 'number', default: 1 },
    };
    const schema = {
      type: 'object',
      properties: map,
      required: ['operation', 'a'],
      additionalProperties: false,
    };
    const standard = {
      '~standard': { version: 1, vendor: 'mine', jsonSchema: { input: () => schema, output: () => schema } },
    };
    for (const [name, input] of Object.entries({ map, schema, standard })) {
      runtime.tools.register({ name, description: 'x', input: input as never }, ECHO);
      expect(runtime.tools.info(name)?.input).toEqual(schema);
      const outcome = await runtime.tools.call(name, { a: 1 });
      expect(outcome.ok ? undefined : outcome.error.message).toContain('operation: is required');
    }
  },
);

test(
  'register() refuses a name or an alias that is taken, unless told to replace',
  verifies('RG-04', 'RG-05'),
  async () => {
    const { runtime } = toolsRuntime();
    const { tools } = runtime;
    tools.register({ ...good, aliases: ['same'] }, ECHO);
    expect(thrownCode(() => tools.register(good, ECHO))).toBe('MANIFEST_INVALID');
    expect(thrownCode(() => tools.register({ ...good, name: 'same' }, ECHO))).toBe('MANIFEST_INVALID');
    tools.register(good, { language: 'js', code: 'export default () => 2' }, { replace: true });
    expect(tools.list()).toHaveLength(1);
    expect(await tools.call('echo')).toMatchObject({ ok: true, value: 2, tool: 'echo' });
    expect(await tools.call('same')).toMatchObject({ ok: false });
    expect(tools.unregister('echo')).toBe(true);
    expect(tools.list()).toEqual([]);
  },
);

test('a plain function is not a tool unless it is marked', verifies('RG-01', 'RG-02'), () => {
  const { runtime } = toolsRuntime();
  const run = () => 1;
  expect(() => runtime.tools.register(good, run)).toThrow(TypeError);
  expect(() => runtime.tools.register(good, { run } as never)).toThrow(TypeError);
  expect(() => runtime.tools.register(good, { code: 'x' } as never)).toThrow(TypeError);
  expect(runtime.tools.register(good, run, { trusted: true })[0]).toMatchObject({
    kind: 'trusted',
    trusted: true,
  });
});

test(
  'a manifest that wants more than the policy has is refused when it is registered',
  verifies('PM-03'),
  () => {
    const { runtime } = toolsRuntime({ policy: { fs: [{ host: '.', guest: '/data' }] } });
    const wants = (capabilities: string[]) => () =>
      runtime.tools.register({ ...good, capabilities }, ECHO, { replace: true });
    expect(thrownCode(wants(['fs.read']))).toBe('nothing');
    expect(thrownCode(wants(['fs.read', 'fs.write']))).toBe('CAPABILITY_DENIED');
    expect(thrownCode(wants(['http']))).toBe('CAPABILITY_DENIED');
  },
);

test('settings want the capability env, and names that a variable can have', () => {
  const holds = { API_URL: 'where the service is' };
  expect(faultsOf({ ...good, capabilities: ['env'], settings: holds })).toEqual([]);
  expect(faultsOf({ ...good, settings: {} })).toEqual([]);
  expect(faultsOf({ ...good, settings: holds })).toEqual([
    'settings: are read from the environment: name the capability "env" too',
  ]);
  for (const settings of [{ 'a b': 'x' }, { A: 1 }, { A: '' }, [], 'A'])
    expect(faultsOf({ ...good, capabilities: ['env'], settings })).not.toEqual([]);
});
