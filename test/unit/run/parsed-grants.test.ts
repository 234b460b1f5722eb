import { describe, expect, test } from 'vitest';
import { createFsHostFunction } from '../../../host-functions/fs/fs.ts';
import { createNodeBackend } from '../../../host-functions/fs/node-backend.ts';
import { createHttpHostFunction } from '../../../host-functions/http/http.ts';
import { createWsHostFunction } from '../../../host-functions/http/ws.ts';
import type { HostFunction } from '../../../runtime/contracts/host-function.ts';
import { nodePlatform } from '../../../runtime/platform/node.ts';
import { createRuntimeOn } from '../../../runtime/runtime.ts';
import type { Grant } from '../../../runtime/vocabulary/grant.ts';
import { scriptedEngine } from '../../support/scripted-engine.ts';

const counted = (parsed: string[]): HostFunction<{ readonly sides: number }> => ({
  name: 'dice',
  network: false,
  operations: {},
  parse: (part, where) => {
    parsed.push(where);
    if (typeof part !== 'number') throw new TypeError(`Cannot read ${where}: expected a number of sides`);
    return { sides: part };
  },
  open: (part) => {
    if (part !== undefined && typeof part.sides !== 'number') throw new Error('not the parsed part');
    return { call: () => ({}), close: () => undefined };
  },
  narrow: (asked, ceiling) => ({ sides: Math.min(asked.sides, ceiling?.sides ?? 0) }),
});

const runtimeWith = (policy: unknown, parsed: string[] = []) =>
  createRuntimeOn(
    {
      ...nodePlatform,
      engines: [scriptedEngine],
      hostFunctions: [
        createFsHostFunction({ backend: createNodeBackend() }),
        createHttpHostFunction(),
        createWsHostFunction(),
        counted(parsed),
      ],
    },
    { level: 'minimal', ...(policy === undefined ? {} : { policy: policy as Grant }) }, // what a caller without types may pass
  );

const run = (runtime: ReturnType<typeof runtimeWith>, grant: unknown) =>
  runtime.run({ language: 'scripted', code: '[]', grant: grant as Grant });

/** A part that is wrong, and what the message says after the name of the grant. */
const WRONG: readonly [unknown, ErrorConstructor, string][] = [
  [{ fs: [{ hos: './x' }] }, TypeError, '.fs[0]: unknown field "hos", did you mean "host"?'],
  [{ fs: [{ host: '/', acess: [] }] }, TypeError, '.fs[0]: unknown field "acess", did you mean "access"?'],
  [
    { fs: [{ host: '/', access: ['raed'] }] },
    TypeError,
    '.fs[0].access: unknown access "raed", did you mean "read"?',
  ],
  [{ fs: [{ host: '/' }, { host: 5 }] }, TypeError, '.fs[1].host: expected'],
  [{ fs: [{ host: '/', deny: ['..'] }] }, TypeError, '.fs[0].deny: ".."'],
  [{ fs: [{ host: '/', maxCalls: -1 }] }, RangeError, '.fs[0].maxCalls: -1'],
  [{ http: [{ orign: '*' }] }, TypeError, '.http[0]: unknown field "orign", did you mean "origin"?'],
  [{ http: [{ origin: 'nowhere' }] }, TypeError, '.http[0].origin: "nowhere"'],
  [{ ws: [{ origin: '*', path: [] }] }, TypeError, '.ws[0]: unknown field "path", did you mean "paths"?'],
  [{ htp: [] }, TypeError, ': unknown field "htp", did you mean "http"?'],
  [{ custom: { dice: 'six' } }, TypeError, '.custom.dice: expected a number of sides'],
];

describe('a malformed part', () => {
  test.each(WRONG)('of a policy throws when the runtime is made: %j', (policy, kind, text) => {
    expect(() => runtimeWith(policy)).toThrow(kind);
    expect(() => runtimeWith(policy)).toThrow(`Cannot read policy${text}`);
  });

  test.each(WRONG)(
    'of a grant rejects its run and blames the grant, under a policy too: %j',
    async (grant, kind, text) => {
      for (const policy of [undefined, { fs: [{ host: '/' }], http: [], custom: { dice: 6 } }]) {
        await using runtime = runtimeWith(policy);
        await expect(run(runtime, grant)).rejects.toThrow(kind);
        await expect(run(runtime, grant)).rejects.toThrow(`Cannot read grant${text}`);
      }
    },
  );

  test('of the grant of a session rejects its opening', async () => {
    await using runtime = runtimeWith(undefined);
    await expect(
      runtime.sessions.open({ language: 'scripted', grant: { fs: [{ hos: '/' }] } as never }),
    ).rejects.toThrow('Cannot read grant.fs[0]: unknown field "hos", did you mean "host"?');
  });
});

test('each part is parsed once: the policy with the runtime, the grant with the run', async () => {
  const parsed: string[] = [];
  await using runtime = runtimeWith({ custom: { dice: 6 } }, parsed);
  expect(parsed).toEqual(['policy.custom.dice']);
  for (const sides of [4, 8])
    expect(await run(runtime, { custom: { dice: sides } })).toMatchObject({ ok: true });
  expect(parsed).toEqual(['policy.custom.dice', 'grant.custom.dice', 'grant.custom.dice']);
});

test('a folder that is not there rejects the run as its grant, not as its policy', async () => {
  await using runtime = runtimeWith(undefined);
  await expect(run(runtime, { fs: [{ host: '/' }, { host: '/nowhere', guest: '/n' }] })).rejects.toThrow(
    'Cannot mount grant.fs[1]: "/nowhere": no such file or folder',
  );
});

test('a TypeError of the runtime itself is an outcome, not a fault of the grant', async () => {
  const errors: unknown[] = [];
  const broken = { ...scriptedEngine, prepare: () => Promise.reject(new TypeError('a bug')) };
  await using runtime = createRuntimeOn(
    {
      ...nodePlatform,
      engines: [broken],
      hostFunctions: [],
      openPools: () => {
        throw new TypeError('no pools');
      },
    },
    { level: 'minimal', onError: (error) => errors.push(error) },
  );
  for (const level of ['minimal', 'standard'] as const) {
    const outcome = await runtime.run({ language: 'scripted', code: '[]', level });
    expect(outcome).toMatchObject({ ok: false, error: { code: 'INTERNAL' } });
  }
  expect(errors).toEqual([new TypeError('a bug'), new TypeError('no pools')]);
});
