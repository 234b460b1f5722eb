import { afterAll, describe, expect, test } from 'vitest';
import { narrowRunGrant, parseRunGrant } from '../../host-functions/run/run-grant.ts';
import type { Grant, RunGrant, RunOptions } from '../../runtime/index.ts';
import { codeOf, thrownCode, toolsRuntime } from '../support/tools-runtime.ts';
import { verifies } from '../support/verifies.ts';

verifies('PM-06');

const { runtime, guests } = toolsRuntime();
afterAll(() => runtime.close());

const start = (options: unknown): string => `await sandglass.call('run.start', ${JSON.stringify(options)})`;

/** A guest that starts another, under this grant. */
const run = (code: string, grant: Grant, more: Partial<RunOptions> = {}) =>
  runtime.run({ language: 'js', code, grant, ...more } as RunOptions);

describe('run.start', () => {
  test('starts a guest of a language that the grant names, with files in and out', async () => {
    const code =
      "import { readFileSync, writeFileSync } from 'node:fs'; writeFileSync('/tmp/out/b.bin', new Uint8Array([255])); writeFileSync('/tmp/out/a.txt', readFileSync('/tmp/in.txt', 'utf8') + input.n); console.log('é'); console.error('e'); export default [1, { a: null }]";
    const options = {
      language: 'js',
      code: `import { mkdirSync } from 'node:fs'; mkdirSync('/tmp/out'); ${code}`,
      files: { 'in.txt': 'x', 'raw.bin': { base64: '/w==' } },
      collect: ['out/*'],
      inputs: { input: { n: 7 } },
      limits: { timeoutMs: 5_000 },
    };
    expect(await run(start(options), { run: {} })).toMatchObject({
      ok: true,
      value: {
        value: [1, { a: null }],
        stdout: 'é\n',
        stderr: 'e\n',
        files: { 'out/a.txt': 'x7', 'out/b.bin': { base64: '/w==' } },
      },
      usage: { hostCalls: { 'run.start': 1 } },
    });
  });

  test('is denied without a grant, and for another language, before anything starts', async () => {
    const before = guests();
    const denied = await run(start({ language: 'js', code: '1' }), {});
    expect(denied).toMatchObject({
      ok: false,
      error: { code: 'CAPABILITY_DENIED', details: { capability: 'run.start' } },
    });
    const other = await run(start({ language: 'js', code: '1' }), { run: { languages: ['python'] } });
    expect(other).toMatchObject({
      ok: false,
      error: { code: 'CAPABILITY_DENIED', details: { grant: { run: { languages: ['javascript'] } } } },
    });
    expect(codeOf(await run(start({ language: 'js', code: '1' }), { run: { access: ['cancel'] } }))).toBe(
      'CAPABILITY_DENIED',
    );
    expect(guests() - before).toBe(3); // the outer ones
  });

  test('what is started has none of the power of whoever starts it, but what both say is shared', async () => {
    const grant: Grant = { env: { A: '1' }, fs: [{ host: import.meta.dirname, guest: '/data' }] };
    const look =
      "JSON.stringify([process.env, (() => { try { return require('node:fs').readdirSync('/data').length > 0 } catch ({ code }) { return code } })()])";
    const started = async (share: RunGrant['share'], asked: readonly string[]) => {
      const outcome = await run(
        `try { ({ value } = ${start({ language: 'js', code: look, share: asked })}); value } catch ({ code }) { code } var value`,
        { ...grant, run: share === undefined ? {} : { share } },
      );
      return outcome.ok ? outcome.value : outcome.error.code;
    };
    expect(await started(undefined, [])).toMatch(/^\[\{\},"(?:EACCES|CAPABILITY_DENIED|ENOENT)"\]$/);
    expect(await started(['env', 'fs'], ['env'])).toMatch(/^\[\{"A":"1"\},"/);
    expect(await started(['env', 'fs'], ['fs'])).toBe('[{},true]');
    expect(await started(['env'], ['fs'])).toBe('CAPABILITY_DENIED');
  });

  test('goes as deep as the grant says', async () => {
    const nested = start({ language: 'js', code: start({ language: 'js', code: '7' }) });
    expect(codeOf(await run(nested, { run: {} }))).toBe('CAPABILITY_DENIED');
    expect(await run(nested, { run: { depth: 2 } })).toMatchObject({
      ok: true,
      value: { value: { value: 7 } },
    });
    const endless = `const again = async (n) => sandglass.call('run.start', { language: 'js', code: 'const again = ' + again + '; await again(' + (n + 1) + ')' }); await again(0)`;
    expect(codeOf(await run(endless, { run: { depth: 8 } }))).toMatch(/CAPABILITY_DENIED|UNSUPPORTED/);
  });

  test('spends the budget of the run that starts it, and ends with it', verifies('LM-15'), async () => {
    const loop = { language: 'js', code: 'for (;;);' };
    const spent = await run(start(loop), { run: {} }, { limits: { fuel: 50_000_000 } });
    expect(spent).toMatchObject({ ok: false, error: { code: 'FUEL_EXHAUSTED' } });
    expect(spent.usage.fuel).toBeGreaterThanOrEqual(50_000_000);
    const caught = `try { ${start({ ...loop, limits: { fuel: 10_000_000 } })} } catch ({ code, details }) { code }`;
    expect(await run(caught, { run: {} })).toMatchObject({ ok: true, value: 'FUEL_EXHAUSTED' });
    const abort = new AbortController();
    const off = runtime.on('run.started', ({ identity }) => {
      if (identity.depth === 1) abort.abort();
    });
    const waits = { language: 'js', code: 'await new Promise(() => setTimeout(() => {}, 60_000))' };
    expect(codeOf(await run(start(waits), { run: {} }, { signal: abort.signal }))).toBe('CANCELLED');
    off();
  });

  const burn = 'let n = 0; for (let i = 0; i < 300000; i++) n = (n * 31 + i) % 1000003; n';
  const FUEL = 50_000_000;

  test.each(['minimal', 'standard'] as const)(
    'what the starter has burnt is not there for what it starts, %s',
    async (level) => {
      const alone = await run(burn, {}, { level });
      const before = alone.usage.fuel ?? 0;
      expect(before * 2).toBeGreaterThan(FUEL);
      const outcome = await run(
        `${burn}; ${start({ language: 'js', code: burn })}`,
        { run: {} },
        { level, limits: { fuel: FUEL } },
      );
      expect(codeOf(outcome)).toBe('FUEL_EXHAUSTED');
      expect(outcome.usage.fuel).toBeLessThan(FUEL + 10_000_000); // a slice of each, and its start
    },
  );

  test('side by side they burn what there is, and no multiple of it', async () => {
    // Enough that what a fast machine burns between two looks, 20 ms, is little of it.
    const fuel = 1_000_000_000;
    const endless = start({ language: 'js', code: 'for (;;);' }).replace('await ', '');
    const all = `await Promise.all(Array.from({ length: 30 }, () => ${endless}))`;
    const outcome = await run(all, { run: {} }, { level: 'minimal', limits: { fuel, hostCalls: 100 } });
    expect(codeOf(outcome)).toBe('FUEL_EXHAUSTED');
    expect(outcome.usage.fuel).toBeLessThan(2 * fuel);
  });

  test('a failure is an error with its code and what was printed, and may be caught', async () => {
    const fails = { language: 'js', code: "console.log('so far'); throw new TypeError('no')" };
    expect(await run(start(fails), { run: {} })).toMatchObject({
      ok: false,
      error: { code: 'GUEST_THREW', message: expect.stringContaining('no') },
    });
    expect(
      await run(`try { ${start(fails)} } catch ({ code, details }) { [code, details.stdout] }`, { run: {} }),
    ).toMatchObject({ ok: true, value: ['GUEST_THREW', 'so far\n'] });
  });

  test('misuse is INPUT_INVALID that names what is wrong', async () => {
    const complaint = async (options: unknown) => {
      const outcome = await run(start(options), { run: { share: ['env'] } });
      return outcome.ok ? 'ok' : `${outcome.error.code} ${outcome.error.message}`;
    };
    for (const [options, message] of [
      [{ code: '1' }, /"language" must be/],
      [{ language: 'js' }, /"code" must be a text/],
      [{ language: 'js', code: '1', grant: {} }, /unknown argument "grant"/],
      [{ language: 'js', code: '1', parent: {} }, /unknown argument "parent"/],
      [{ language: 'js', code: '1', tag: 'a b' }, /"tag" must be/],
      [{ language: 'js', code: '1', share: ['dangerous'] }, /"share" must be/],
      [{ language: 'js', code: '1', files: { '../x': '' } }, /not a plain path/],
      [{ language: 'js', code: '1', files: { x: { base64: '!' } } }, /must be a text, or \{ base64 \}/],
      [{ language: 'js', code: '1', limits: { fuel: -1 } }, /fuel/],
      [{ language: 'js', code: '1', inputs: [] }, /inputs/],
    ] as const)
      expect(await complaint(options)).toMatch(new RegExp(`^INPUT_INVALID .*${message.source}`));
    expect(await complaint({ language: 'cobol', code: '1' })).toMatch(/^UNSUPPORTED /);
  });
});

test('run.cancel ends a run of the same caller, and none of another', async () => {
  const caller = (id: string) => ({ id, permissions: ['*'] });
  const begin = (id: string) => {
    const begun = Promise.withResolvers<void>();
    const runId = `victim-${id}`;
    const off = runtime.on('run.started', ({ identity }) => {
      if (identity.runId === runId) begun.resolve();
    });
    const outcome = runtime.run({
      language: 'js',
      code: 'await new Promise(() => setTimeout(() => {}, 60_000))',
      runId,
      caller: caller(id),
    } as RunOptions);
    return { outcome, begun: begun.promise.then(off) };
  };
  const cancel = (runId: string, grant: RunGrant) =>
    run(`(await sandglass.call('run.cancel', { runId: '${runId}' })).cancelled`, { run: grant }, {
      caller: caller('ada'),
    } as Partial<RunOptions>);
  const own = begin('ada');
  const other = begin('bob');
  await Promise.all([own.begun, other.begun]);
  expect(codeOf(await cancel('victim-ada', {}))).toBe('CAPABILITY_DENIED');
  expect(await cancel('victim-bob', { access: ['cancel'] })).toMatchObject({ ok: true, value: false });
  expect(await cancel('victim-ada', { access: ['cancel'] })).toMatchObject({ ok: true, value: true });
  expect(codeOf(await own.outcome)).toBe('CANCELLED');
  expect(runtime.runs.cancel('victim-bob')).toBe(true);
  await other.outcome;
});

test('narrowRunGrant() answers what was asked, or refuses what the ceiling does not cover', () => {
  const parse = (part: RunGrant) => parseRunGrant(part as never, 'grant.run');
  const narrow = (asked: RunGrant, ceiling?: RunGrant) => () =>
    narrowRunGrant(parse(asked), ceiling === undefined ? undefined : parse(ceiling));
  const full: RunGrant = {
    access: ['start', 'cancel'],
    languages: ['js', 'python'],
    depth: 3,
    share: ['fs'],
  };
  for (const asked of [
    { languages: ['py'] },
    { ...full },
    { languages: ['python'], share: ['fs'], depth: 3 },
  ] as const)
    expect(narrow(asked, full)()).toEqual(parse(asked));
  for (const asked of [
    {},
    { languages: ['ruby'] },
    { languages: ['js'], depth: 4 },
    { languages: ['js'], share: ['env'] },
  ] as const)
    expect(thrownCode(narrow(asked, full))).toBe('CAPABILITY_DENIED');
  expect(thrownCode(narrow({}, undefined))).toBe('CAPABILITY_DENIED');
  expect(thrownCode(narrow({ access: ['cancel'] }, { access: ['start'] }))).toBe('CAPABILITY_DENIED');
  for (const part of [
    [],
    true,
    { languages: 'js' },
    { languages: ['*', 5] },
    { depth: 0 },
    { depth: 9 },
    { share: ['run'] },
    { language: ['js'] },
  ])
    expect(() => parseRunGrant(part as never, 'grant.run')).toThrow(/grant\.run/);
});
