import { expect, test } from 'vitest';
import type { Grant, PolicyDocument, ToolExplanation } from '../../../runtime/index.ts';
import { defined } from '../../../runtime/vocabulary/defined.ts';
import { LEVELS } from '../../../runtime/vocabulary/levels.ts';
import type { LimitName } from '../../../runtime/vocabulary/limits.ts';
import { toolsRuntime } from '../../support/tools-runtime.ts';
import { verifies } from '../../support/verifies.ts';

verifies('PM-17');

/** A stream of numbers that is the same in every run of the tests. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const CAPABILITIES = ['fs.read', 'fs.write', 'fs.delete', 'http', 'env', 'tools.call'] as const;
const FIGURES: readonly LimitName[] = ['timeoutMs', 'fuel', 'hostCalls', 'outputBytes'];

function random(seed: number) {
  const below = numbers(seed);
  const some = <T>(items: readonly T[]): T[] => items.filter(() => below(3) > 0);
  const maybe = <T>(value: () => T): T | undefined => (below(2) === 0 ? value() : undefined);
  const limits = () => Object.fromEntries(some(FIGURES).map((name) => [name, 1 + below(100_000)]));
  const grant = (): Grant => ({
    fs: some(['read', 'write', 'delete'] as const).map((access) => ({
      host: '.',
      guest: `/${access}`,
      access: [access],
    })),
    http: some(['https://a.example', 'https://b.example']).map((origin) => ({ origin })),
    ...(below(2) === 0 ? { env: { A: '1' } } : {}),
    tools: some(['*']),
    limits: limits(),
  });
  const names = () => some([...CAPABILITIES, 'fs.*', '*']);
  const level = () => LEVELS[below(LEVELS.length)] ?? 'standard';
  const base: PolicyDocument = { version: 1, grant: grant(), level: level() };
  const rules: Omit<PolicyDocument, 'version' | 'grant' | 'level'> = {
    limits: limits(),
    tools: { each: { '*': { limits: limits(), ...(below(2) === 0 ? { capabilities: names() } : {}) } } },
    callers: { ana: { limits: limits(), ...(below(2) === 0 ? { permissions: names() } : {}) } },
    categories: { odd: { limits: limits() } },
    profiles: { utility: { limits: limits(), capabilities: names(), level: level() } },
  };
  return {
    base,
    rules,
    manifest: { capabilities: some(CAPABILITIES), limits: limits() },
    caller: { id: 'ana', permissions: names() },
    call: { limits: limits(), timeoutMs: 1 + below(100_000), grant: maybe(grant), level: maybe(level) },
  };
}

const EVERYTHING: Grant = {
  fs: [{ host: '.', access: ['read', 'write'] }],
  http: [{ origin: '*' }],
  env: { A: '1' },
  tools: ['*'],
};
const TRUSTED = { trusted: true, run: () => 1 } as const;
const { runtime } = toolsRuntime({ level: 'standard', limits: { fuel: 50_000 } });

const allowedOf = ({ capabilities }: ToolExplanation): ReadonlySet<string> =>
  new Set(capabilities.filter(({ allowed }) => allowed).map(({ capability }) => capability));

/** What a call may do under everything, and what it may do with one of the voices left out: the former is never more. */
test.each(Array.from({ length: 150 }, (_, index) => [index + 1]))(
  'merging never loosens: seed %i',
  (seed) => {
    const { base, rules, manifest, caller, call } = random(seed);
    // It is registered under a policy that has all it may want, and asked about under another.
    runtime.policy.replace(EVERYTHING);
    runtime.tools.register({ name: 'it', description: 'x', category: 'odd', ...manifest }, TRUSTED, {
      replace: true,
    });
    const explain = (policy: PolicyDocument | Grant, options: object): ToolExplanation => {
      runtime.policy.replace(policy);
      return runtime.tools.explain('it', options);
    };
    const { grant, level, ...narrower } = call;
    const options = { caller, ...narrower, ...defined({ level }) };
    const whole = explain({ ...base, ...rules }, options);
    const without: Readonly<Record<string, ToolExplanation>> = {
      rules: explain(base, options),
      caller: explain({ ...base, ...rules }, { ...narrower, ...defined({ level }) }),
      call: explain({ ...base, ...rules }, { caller }),
      ...Object.fromEntries(
        Object.keys(rules).map((field) => [
          field,
          explain({ ...base, ...rules, [field]: undefined } as never, options),
        ]),
      ),
    };
    for (const [left, other] of Object.entries(without)) {
      for (const capability of allowedOf(whole))
        expect([left, [...allowedOf(other)]]).toEqual([left, expect.arrayContaining([capability])]);
      expect([left, LEVELS.indexOf(whole.level.value)]).toEqual([
        left,
        expect.toSatisfy((index: number) => index >= LEVELS.indexOf(other.level.value)),
      ]);
      for (const name of FIGURES) {
        const figure = other.limits[name];
        if (figure !== undefined) expect(whole.limits[name]?.value).toBeLessThanOrEqual(figure.value);
      }
    }
    // A grant of the call gives at most what it says itself.
    if (grant !== undefined) {
      const granted = explain({ ...base, ...rules }, { ...options, grant });
      for (const capability of allowedOf(granted))
        expect(allowedOf(explain(grant, { caller })).has(capability)).toBe(true);
    }
  },
);
