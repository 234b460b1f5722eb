import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Grant, PolicyDocument, RuntimeOptions } from '../../../runtime/index.ts';
import { createValidators } from '../../../runtime/tools/check/validators.ts';
import { POLICY_SCHEMA } from '../../../runtime/tools/manifest/policy-schema.ts';
import { defined } from '../../../runtime/vocabulary/defined.ts';
import type { JsonObject } from '../../../runtime/vocabulary/json.ts';
import { codeOf, ECHO, thrownCode, toolsRuntime } from '../../support/tools-runtime.ts';
import { verifies } from '../../support/verifies.ts';

const MIB = 1024 * 1024;
const withPolicy = (policy: Omit<PolicyDocument, 'version'>, more: RuntimeOptions = {}) =>
  toolsRuntime({ policy: { version: 1, ...policy }, ...more }).runtime;
const messageOf = (policy: unknown): string => {
  try {
    toolsRuntime({ policy: policy as PolicyDocument });
    return '';
  } catch (error) {
    return (error as Error).message;
  }
};

describe('a policy document', () => {
  const validator = createValidators().of(POLICY_SCHEMA as unknown as JsonObject);

  test('the published schema is the one in the code', () => {
    const url = new URL('../../../runtime/tools/manifest/policy.schema.json', import.meta.url);
    expect(JSON.parse(readFileSync(url, 'utf8'))).toEqual(POLICY_SCHEMA);
  });

  const GOOD: readonly PolicyDocument[] = [
    { version: 1 },
    {
      version: 1,
      $schema: 'x',
      level: 'strict',
      limits: { timeoutMs: 5 },
      grant: { tools: ['*'], limits: {} },
    },
    { version: 1, profiles: true, categories: { maps: { profile: 'analysis', limits: { fuel: 9 } } } },
    { version: 1, profiles: { mine: { capabilities: ['fs.*'], formats: ['json'], writable: ['/out'] } } },
    {
      version: 1,
      tools: {
        allow: ['a*'],
        deny: [],
        safeOnly: true,
        each: { 'a*': { rate: { calls: 1, perMs: 1 }, confirm: true } },
      },
    },
    { version: 1, callers: { ana: { permissions: ['*'], tools: ['x'], limits: { hostCalls: 0 } } } },
    { version: 1, categories: { maps: { grant: { http: [{ origin: 'https://example.com' }] } } } },
  ];
  test('the schema takes what a grant of a browser has', () => {
    const browser = {
      origins: ['https://example.com'],
      actions: ['navigate'],
      maxDownloadBytes: 5,
      maxPages: 1,
    };
    const document = { version: 1, grant: { browser } };
    expect(validator.check(document, { coerce: false })).toMatchObject({ ok: true });
    const over = { version: 1, grant: { browser: { ...browser, maxDownloadBytes: -1 } } };
    expect(validator.check(over, { coerce: false })).toMatchObject({ ok: false });
  });

  test.each(GOOD)('%j is taken, by the schema and the runtime', (policy) => {
    expect(validator.check(policy as unknown as JsonObject, { coerce: false })).toMatchObject({ ok: true });
    expect(messageOf(policy)).toBe('');
  });

  test.each<[object, string]>([
    [{ version: 2 }, 'policy.version: 2 is not 1'],
    [{ version: 1, grnt: {} }, 'did you mean "grant"?'],
    [{ version: 1, level: 'strct' }, 'level'],
    [{ version: 1, limits: { timeout: 1 } }, 'policy.limits: unknown limit "timeout"'],
    [
      { version: 1, grant: { fs: [{ hos: './x' }] } },
      'policy.grant.fs[0]: unknown field "hos", did you mean "host"?',
    ],
    [{ version: 1, tools: { alow: [] } }, 'policy.tools: unknown field "alow", did you mean "allow"?'],
    [
      { version: 1, tools: { each: { a: { rate: { calls: 0, perMs: 1 } } } } },
      'policy.tools.each.a.rate.calls',
    ],
    [{ version: 1, tools: { each: { a: { rate: { calls: 1 } } } } }, 'policy.tools.each.a.rate.perMs'],
    [{ version: 1, tools: { each: { a: { profile: 'x' } } } }, 'say "profiles": true'],
    [
      { version: 1, profiles: true, tools: { each: { a: { profile: 'utilty' } } } },
      'did you mean "utility"?',
    ],
    [{ version: 1, profiles: { x: { formats: ['jsn'] } } }, 'did you mean "json"?'],
    [{ version: 1, profiles: { x: { writable: ['out'] } } }, 'does not begin with "/"'],
    [{ version: 1, callers: { ana: { permissions: ['fs.re*'] } } }, '"fs.re*" is not a capability'],
    [{ version: 1, callers: { ana: { permision: [] } } }, 'did you mean "permissions"?'],
    [{ version: 1, categories: { maps: { grant: { limits: {} } } } }, 'has its limits beside its grant'],
    [
      { version: 1, categories: { maps: { grant: { http: [{ origin: 'x' }] } } } },
      'policy.categories.maps.grant.http[0]',
    ],
  ])('%j is refused by name', (policy, message) => {
    expect(messageOf(policy)).toContain(message);
    const named =
      message.startsWith('say') || message.includes('limits beside') || message.includes('grant.http[0]');
    // What one field must be because of another, and what an origin is, the schema cannot say.
    if (!named && !message.includes('utility') && !message.includes('fs.re*'))
      expect(validator.check(policy as unknown as JsonObject, { coerce: false }).ok).toBe(false);
  });
});

const SPY = { trusted: true, run: () => 1 } as const;
const script = (capabilities: string[], more: object = {}) => ({
  name: 'it',
  description: 'x',
  capabilities,
  input: { a: { type: 'number', default: 1 } },
  ...more,
});
const HTTP: Grant = { http: [{ origin: 'https://example.com' }] };
const FILES: Grant = {
  fs: [{ host: join(import.meta.dirname, '..'), guest: '/data', access: ['read', 'write'] }],
};

describe('profiles', () => {
  test(
    'follow category and capabilities; the figures are those of the profile',
    verifies('PM-18', 'PM-19', 'PM-20', 'PM-21'),
    () => {
      const runtime = withPolicy({ profiles: true, grant: { ...HTTP, ...FILES, tools: ['*'] } });
      const explain = (capabilities: string[], category?: string) => {
        runtime.tools.register(script(capabilities, category === undefined ? {} : { category }), ECHO, {
          replace: true,
        });
        const { profile, limits, allowed, capabilities: verdicts } = runtime.tools.explain('it');
        const figures = [limits.memoryBytes?.value, limits.cpuShare?.value, limits.timeoutMs?.value];
        return {
          profile,
          figures,
          allowed,
          denied: verdicts.filter((one) => !one.allowed).map((one) => `${one.capability} ${one.decidedBy}`),
        };
      };
      expect(explain(['fs.read', 'fs.write', 'tools.call'], 'analysis')).toEqual({
        profile: 'analysis',
        figures: [512 * MIB, 0.5, 600_000],
        allowed: true,
        denied: [],
      });
      expect(explain(['http'], 'analysis')).toMatchObject({ allowed: false, denied: ['http profile'] });
      expect(explain(['http', 'fs.read'])).toEqual({
        profile: 'general',
        figures: [256 * MIB, 0.25, 300_000],
        allowed: true,
        denied: [],
      });
      expect(explain(['fs.read'], 'cooking')).toEqual({
        profile: 'utility',
        figures: [128 * MIB, 0.1, 60_000],
        allowed: true,
        denied: [],
      });
      expect(explain(['fs.read', 'fs.write'])).toMatchObject({
        profile: 'utility',
        denied: ['fs.write profile'],
      });
      expect(runtime.tools.explain('it').level).toEqual({ value: 'standard', decidedBy: 'profile' });
    },
  );

  test('a tool of general gets no network that is not granted', verifies('PM-19'), async () => {
    const runtime = withPolicy({ profiles: true, grant: {} });
    expect(thrownCode(() => runtime.tools.register(script(['http']), ECHO))).toBe('CAPABILITY_DENIED');
  });

  test(
    'an output format that a profile does not have is OUTPUT_INVALID',
    verifies('PM-18', 'PM-23'),
    async () => {
      const runtime = withPolicy({ profiles: { analysis: { formats: ['json'] } } });
      const gates: unknown[] = [];
      runtime.on('denied', ({ gate }) => gates.push(gate));
      runtime.tools.register(
        { name: 'draw', description: 'x', category: 'analysis', text: { format: 'mermaid' } },
        { trusted: true, run: () => 'flowchart TD' },
      );
      expect(await runtime.tools.call('draw')).toMatchObject({
        ok: false,
        error: { code: 'OUTPUT_INVALID', details: { allowed: ['json'] } },
      });
      expect(gates).toEqual(['output']);
    },
  );

  test('writes stay below the writable folders of a profile', verifies('PM-18'), async () => {
    const runtime = withPolicy(
      { grant: FILES, profiles: { analysis: { writable: ['/data/tools'] } } },
      { level: 'minimal' },
    );
    runtime.tools.register(script(['fs.read', 'fs.write'], { category: 'analysis' }), {
      language: 'js',
      code: 'export const run = () => sandglass.grant().fs',
    });
    const outcome = await runtime.tools.call('it', {}, { limits: { cpuShare: 1 } });
    const mounts = (outcome.ok ? outcome.value : []) as { guest: string; access: string[] }[];
    expect(mounts.flatMap(({ guest, access }) => access.map((one) => `${one} ${guest}`)).toSorted()).toEqual([
      'read /data',
      'write /data/tools',
    ]);
    await runtime.close();
  });
});

test('a base holds for all; what a category adds is for its tools alone', verifies('PM-22'), async () => {
  const runtime = withPolicy({
    grant: FILES,
    categories: { maps: { grant: HTTP, limits: { hostCalls: 77 } } },
  });
  expect(thrownCode(() => runtime.tools.register(script(['http']), ECHO))).toBe('CAPABILITY_DENIED');
  runtime.tools.register(script(['http'], { name: 'mapper', category: 'maps' }), ECHO);
  runtime.tools.register(script(['fs.read'], { name: 'reader' }), ECHO);
  expect(await runtime.tools.call('mapper', { a: 1 })).toMatchObject({
    ok: true,
    value: { a: 1 },
    meta: { limits: { hostCalls: 77 } },
  });
  expect(await runtime.tools.call('reader', { a: 1 })).toMatchObject({
    ok: true,
    meta: { limits: { hostCalls: 1_000 } },
  });
  runtime.policy.replace({ version: 1, categories: { maps: { grant: HTTP } } });
  expect(codeOf(await runtime.tools.call('reader'))).toBe('CAPABILITY_DENIED');
  expect(codeOf(await runtime.tools.call('mapper', { a: 1 }))).toBe('ok');
  runtime.policy.replace({});
  expect(codeOf(await runtime.tools.call('mapper'))).toBe('CAPABILITY_DENIED');
  expect(() => runtime.policy.replace({ version: 1, grnt: {} } as never)).toThrow('did you mean "grant"?');
  expect(runtime.policy.revision).toBe(3);
  await runtime.close();
});

test('what a policy says of tools and callers only takes away', verifies('PM-22', 'PM-12'), async () => {
  const runtime = withPolicy({
    grant: FILES,
    tools: {
      deny: ['secret_*'],
      each: {
        'read_*': {
          limits: { hostCalls: 7 },
          capabilities: ['fs.read'],
          rate: { calls: 2, perMs: 3_600_000 },
        },
        careful: { confirm: true },
      },
    },
    callers: {
      '*': { limits: { fuel: 5_000_000 } },
      ben: { tools: ['read_*'], permissions: [], rate: { calls: 3, perMs: 3_600_000 } },
    },
  });
  const { tools } = runtime;
  for (const name of ['read_a', 'read_b', 'secret_a', 'careful'])
    tools.register({ name, description: 'x' }, SPY);
  tools.register({ name: 'read_write', description: 'x', capabilities: ['fs.read', 'fs.write'] }, SPY);
  const ana = { id: 'ana', permissions: ['*'] };
  const ben = { id: 'ben', permissions: ['*'] };
  const code = async (name: string, caller?: typeof ana, more = {}) =>
    codeOf(await tools.call(name, {}, { ...defined({ caller }), ...more }));
  expect(await code('secret_a')).toBe('CAPABILITY_DENIED');
  expect(await code('careful')).toBe('CONFIRMATION_REQUIRED');
  expect(await code('careful', ana, { confirm: true })).toBe('ok');
  expect(await code('careful', ben, { confirm: true })).toBe('CAPABILITY_DENIED');
  expect(tools.explain('read_write').capabilities).toEqual([
    { capability: 'fs.read', allowed: true, decidedBy: 'policy' },
    { capability: 'fs.write', allowed: false, decidedBy: 'policy' },
  ]);
  expect(tools.explain('read_a', { caller: ana })).toMatchObject({
    limits: { fuel: { value: 5_000_000, decidedBy: 'policy' }, hostCalls: { value: 7, decidedBy: 'policy' } },
    rates: [{ calls: 2, perMs: 3_600_000, decidedBy: 'policy' }],
  });
  expect(tools.explain('read_a').limits.fuel).toBeUndefined();
  expect([await code('read_a'), await code('read_a', ana), await code('read_a', ben)]).toEqual([
    'ok',
    'ok',
    'RATE_LIMITED',
  ]);
  // What one rate refused another has not counted.
  expect([await code('read_b', ben), await code('read_b', ben), await code('read_b', ben)]).toEqual([
    'ok',
    'ok',
    'RATE_LIMITED',
  ]);
  expect(tools.list({ caller: ben }).map(({ name }) => name)).toEqual(['read_a', 'read_b', 'read_write']);
  await runtime.close();
});

test(
  'explain() names who decided: runtime, policy, level, profile, manifest, caller, call',
  verifies('PM-17'),
  () => {
    const runtime = withPolicy(
      {
        profiles: true,
        grant: { ...FILES, env: { A: '1' }, limits: { hostCallBytes: 4_096 } },
        level: 'strict',
      },
      { limits: { hostCalls: 500 } },
    );
    runtime.tools.register(script(['fs.read', 'fs.write', 'env'], { limits: { outputBytes: 100 } }), ECHO);
    const caller = { id: 'ana', permissions: ['fs.*'] };
    expect(runtime.tools.explain('it', { caller, limits: { fuel: 9 }, timeoutMs: 50 })).toEqual({
      tool: 'it',
      allowed: false,
      error: runtime.tools.check('it', { caller }).error,
      profile: 'utility',
      level: { value: 'strict', decidedBy: 'policy' },
      rates: [],
      capabilities: [
        { capability: 'env', allowed: false, decidedBy: 'caller' },
        { capability: 'fs.read', allowed: true, decidedBy: 'policy' },
        { capability: 'fs.write', allowed: false, decidedBy: 'level' },
      ],
      limits: {
        timeoutMs: { value: 50, decidedBy: 'call' },
        fuel: { value: 9, decidedBy: 'call' },
        memoryBytes: { value: 128 * MIB, decidedBy: 'profile' },
        outputBytes: { value: 100, decidedBy: 'manifest' },
        hostCalls: { value: 500, decidedBy: 'runtime' },
        hostCallBytes: { value: 4_096, decidedBy: 'policy' },
        cpuShare: { value: 0.1, decidedBy: 'profile' },
      },
    });
  },
);

test('what no capability is denied for has its reason, too: a trusted tool at strict', () => {
  const runtime = withPolicy({ level: 'strict' }, {});
  runtime.tools.register({ name: 'trusted', description: 'x' }, () => 1, { trusted: true });
  expect(runtime.tools.explain('trusted')).toMatchObject({
    allowed: false,
    capabilities: [],
    error: { code: 'CAPABILITY_DENIED', message: expect.stringContaining('level strict refuses') },
  });
});

test(
  'a host function that the policy no longer covers is denied from the next call on',
  verifies('PM-24'),
  async () => {
    const { runtime } = toolsRuntime({ policy: { fs: [{ host: import.meta.dirname, guest: '/data' }] } });
    const read = "(await import('node:fs/promises')).readFile('/data/policy.test.ts', 'utf8')";
    using _ = runtime.on('host.called', ({ decision }) => {
      if (decision === 'allowed') runtime.policy.replace({});
    });
    const outcome = await runtime.run({
      language: 'js',
      code: `const first = (await ${read}).length; let second; try { await ${read} } catch ({ code }) { second = code } [first > 0, second]`,
      grant: { fs: [{ host: import.meta.dirname, guest: '/data' }] },
    });
    expect(outcome).toMatchObject({
      ok: true,
      value: [true, expect.stringMatching(/EACCES|CAPABILITY_DENIED/)],
    });
    await runtime.close();
  },
);

test('what stops a tool is told with its gate', verifies('PM-23'), async () => {
  const runtime = withPolicy({ grant: {} });
  const gates: (string | undefined)[] = [];
  runtime.on('denied', ({ gate, code }) => gates.push(`${gate} ${code}`));
  expect(thrownCode(() => runtime.tools.register(script(['http']), ECHO))).toBe('CAPABILITY_DENIED');
  runtime.tools.register(script([], { name: 'lies', output: { type: 'number' } }), {
    trusted: true,
    run: () => 'x',
  });
  runtime.tools.register(script([], { name: 'auth' }), SPY);
  await runtime.tools.call('lies');
  runtime.policy.replace({ version: 1, tools: { deny: ['auth'] } });
  await runtime.tools.call('auth');
  expect(gates).toEqual([
    'registration CAPABILITY_DENIED',
    'output OUTPUT_INVALID',
    'execution CAPABILITY_DENIED',
  ]);
});
