import { describe, expect, test } from 'vitest';
import type { PrepareContext, RunJob, ScriptSource } from '../../runtime/contracts/engine.ts';
import { createQuickjsEngine } from '../../runtime/engines/quickjs/engine.ts';
import { commonJsSource } from '../../runtime/engines/quickjs/module-text.ts';
import { placeOfThrow, redeclarable } from '../../runtime/engines/quickjs/rewrite.ts';
import { MOST_TOKENS, scan } from '../../runtime/engines/quickjs/scan.ts';
import { job as readProgram } from '../../runtime/engines/quickjs/source-job.ts';
import { stripTypes } from '../../runtime/engines/quickjs/strip-types.ts';
import { createRuntime } from '../../runtime/index.ts';
import { defined } from '../../runtime/vocabulary/defined.ts';
import { mergeLimits } from '../../runtime/vocabulary/limits.ts';

/** Texts whose levels a parser reads twice each: at this depth it would not come to an end. */
const NESTED = 60;
const READ_TWICE = [
  ['assertions', `${'<T>('.repeat(NESTED)}x${')'.repeat(NESTED)}`],
  ['methods', `${'a<{b(c='.repeat(NESTED)}x${')}'.repeat(NESTED)}`],
  ['defaults', `${'(a='.repeat(NESTED)}1${')=>1'.repeat(NESTED)}`],
  ['conditions', `${'a?(b):c=>d?(e):'.repeat(NESTED)}f`],
] as const;

describe('a text that can be read in many ways', () => {
  test.each(READ_TWICE)('%s are refused after a bounded number of tokens', (_, code) => {
    expect(stripTypes(code, 'main.ts')).toEqual({
      failure: 'Cannot read main.ts: it can be read in too many ways',
    });
  });

  // Few tokens, and each of them, or what stands between two, as long as the text: read 4,096 times at this depth.
  test.each([
    ['a comment', `/*${'x'.repeat(60_000)}*/1`],
    ['blanks', `${' '.repeat(60_000)}1`],
    ['a text', `'${'x'.repeat(60_000)}'`],
    ['a name', 'x'.repeat(60_000)],
  ])('%s is not read again and again', (_, long) => {
    const [depth, failure] = [12, 'Cannot read main.ts: it can be read in too many ways'];
    for (const open of ['(a=', '<T,>(a=', 'async (a='])
      expect(stripTypes(`${open.repeat(depth)}${long}${')=>1'.repeat(depth)}`, 'main.ts')).toEqual({
        failure,
      });
    expect(stripTypes(`f((a = ${long}) => 1)`, 'main.ts')).toContain(long);
  });

  test('is an error of the program, at every level', async () => {
    await using runtime = createRuntime();
    for (const level of ['minimal', 'standard'] as const) {
      const outcome = await runtime.run({ language: 'typescript', code: READ_TWICE[0][1], level });
      expect(outcome).toMatchObject({ ok: false, error: { code: 'INPUT_INVALID' } });
    }
  });

  test('what people write is read as before, however long', () => {
    const line = 'const f = <T,>(a: T, b = a < 1 ? (c: number): number => c : 2): T => a as T;\n';
    expect(stripTypes(line.repeat(2_000), 'main.ts')).toContain('const f = (a, b = a < 1 ?');
  });
});

describe('what is long, or needs a whole parser', () => {
  const prepared = async (
    source: Partial<ScriptSource>,
    context: Partial<PrepareContext> = {},
    times = 1,
  ) => {
    const asked: unknown[] = [];
    const job: RunJob = async (url, input) => {
      asked.push(new URL(url).pathname.split('/').at(-1));
      return readProgram(input);
    };
    const engine = createQuickjsEngine({
      loadModule: async () => ({ module: {} as WebAssembly.Module, bytes: new Uint8Array() }), // nothing is run here
    });
    const whole: ScriptSource = {
      kind: 'script',
      language: 'typescript',
      code: '',
      filename: 'main.ts',
      form: 'auto',
      modules: {},
      ...source,
    };
    let data: unknown;
    for (let time = 0; time < times; time++)
      ({ data } = await engine.prepare(whole, {
        limits: mergeLimits([]),
        compile: () => Promise.reject(new Error('nothing is compiled here')),
        job,
        ...context,
      }));
    return { asked, data };
  };
  const js = { language: 'javascript', filename: 'main.js' };

  test.each([
    ['long TypeScript', { code: `let a: number;//${'x'.repeat(70_000)}` }, {}],
    ['a long module', { modules: { './a.ts': 'let a: number;'.repeat(5_000) } }, {}],
    ['namespaces', { code: 'namespace A { export const a = 1 }' }, {}],
    ['decorators of old', { code: 'function d(target: any, key: string) {}\nclass A { @d a = 1 }' }, {}],
    ['decorators at minimal', { ...js, code: '@d class A {}' }, { sharesThread: true }],
    ['using at minimal', { ...js, code: '{ using a = b; }' }, { sharesThread: true }],
  ])('%s: a job reads it, once for its next runs', async (_, source, context) => {
    const { asked, data } = await prepared(source, context, 2);
    expect(asked).toEqual(['source-job.ts']);
    expect((data as { readonly lowered?: true }).lowered).toBe(
      'sharesThread' in context ? true : undefined, // elsewhere the cell does it
    );
  });

  test.each([
    ['short TypeScript', { code: 'let a: number = 1' }, {}],
    ['long JavaScript', { ...js, code: `//${'x'.repeat(5_000_000)}` }, {}],
    ['decorators in a cell of their own', { ...js, code: '@d class A {}' }, {}],
    ['plain JavaScript at minimal', { ...js, code: `//${'x'.repeat(900_000)}` }, { sharesThread: true }],
  ])('%s: no job', async (_, source, context) => {
    expect((await prepared(source, context)).asked).toEqual([]);
  });

  test("more than two mebibytes do not run in the host's thread", async () => {
    const code = 'using;'.repeat(400_000);
    await expect(prepared({ ...js, code }, { sharesThread: true })).rejects.toMatchObject({
      code: 'UNSUPPORTED',
    });
    expect((await prepared({ ...js, code })).data).toMatchObject({ code });
  });

  test('what is not read within the time of its run ends with its deadline', async () => {
    const limits = mergeLimits([{ timeoutMs: 20 }]);
    await expect(
      prepared({ code: 'namespace A { export const a = 1 }' }, { limits, job: () => new Promise(() => {}) }),
    ).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
  });

  test('what nobody waits for any more keeps no place, in the queue or at work', async () => {
    const jobs: AbortSignal[] = [];
    const engine = createQuickjsEngine({
      loadModule: () => Promise.reject(new Error('nothing is run here')),
    });
    const job: RunJob = (_url, _input, { signal }) =>
      new Promise((_, reject) => {
        if (signal === undefined) return;
        jobs.push(signal);
        signal.addEventListener('abort', () => reject(signal.reason));
      });
    const ask = (code: string, signal: AbortSignal, caller?: string): Promise<unknown> => {
      const source = { kind: 'script', language: 'typescript', filename: 'main.ts', form: 'auto' } as const;
      return engine.prepare(
        { ...source, code: `namespace ${code} { export const a = 1 }`, modules: {} },
        {
          limits: mergeLimits([]),
          compile: () => Promise.reject(new Error('nothing is compiled here')),
          job,
          signal,
          ...defined({ caller }),
        },
      );
    };
    const runs = Array.from({ length: 9 }, () => new AbortController());
    const asked = runs.map(({ signal }, at) => ask(at === 8 ? 'A0' : `A${at}`, signal));
    await expect.poll(() => jobs.length).toBe(4);
    for (const run of runs.slice(0, 8)) run.abort();
    await Promise.allSettled(asked.slice(1, 8));
    expect(jobs.map(({ aborted }) => aborted)).toEqual([false, true, true, true]); // another run waits for the first
    runs[8]?.abort();
    await Promise.allSettled(asked);
    expect(jobs[0]?.aborted).toBe(true);
    const last = ask('B', new AbortController().signal);
    last.catch(() => undefined);
    await expect.poll(() => jobs.length).toBe(5);
    // One caller's texts leave room for those of another.
    jobs.length = 0;
    const { signal } = new AbortController();
    for (const code of ['C0', 'C1', 'C2', 'C3']) ask(code, signal, 'one').catch(() => undefined);
    ask('D', signal, 'another').catch(() => undefined);
    await expect.poll(() => jobs.length).toBe(3);
    expect(await new Promise((resolve) => setImmediate(() => resolve(jobs.length)))).toBe(3);
  });

  test('a program has at most 5,000 modules, and a mebibyte of arguments', async () => {
    await using runtime = createRuntime();
    const modules = Object.fromEntries(Array.from({ length: 5_001 }, (_, at) => [`./${at}.js`, '']));
    await expect(async () => runtime.run({ language: 'js', code: '1', modules })).rejects.toThrow(RangeError);
    const argv = Array.from({ length: 100 }, () => 'é'.repeat(70_000));
    await expect(async () => runtime.run({ language: 'js', code: '1', argv })).rejects.toThrow(RangeError);
  });
});

describe('a look through a text', () => {
  // What stands behind so many tokens is not written anew. The engine holds limits and rules, not the look.
  test.each([
    ['a loop', 'for (;;);', { limits: { fuel: 1_000_000_000 } }, 'FUEL_EXHAUSTED'],
    [
      'a loop of `for await`',
      'for await (const _ of (async function* () { for (;;) yield 1; })());',
      {},
      'FUEL_EXHAUSTED',
    ],
    ['an import against the rules', "await import('node:fs');", { options: { imports: [] } }, 'GUEST_THREW'],
    ['a blocked global', 'eval("1");', { options: { block: ['eval'] } }, 'GUEST_THREW'],
    [
      'a call without a grant',
      "await sandglass.call('fs.stat', { path: '/data/x' });",
      {},
      'CAPABILITY_DENIED',
    ],
    ['a decorator', '@((c) => c) class A {}', {}, 'GUEST_THREW'],
  ])('ends before %s, which meets the same limits and rules', async (_, code, more, expected) => {
    await using runtime = createRuntime();
    for (const language of ['javascript', 'typescript']) {
      const outcome = await runtime.run({
        language,
        code: `${';'.repeat(MOST_TOKENS)}${code}`,
        level: 'standard',
        ...more,
        limits: { fuel: 3_000_000_000, timeoutMs: 120_000, ...('limits' in more ? more.limits : {}) },
      });
      expect(outcome.ok ? 'ok' : outcome.error.code).toBe(expected);
    }
  });

  test('ends after so many tokens', () => {
    expect(scan('using;'.repeat(500_000)).length).toBe(MOST_TOKENS);
    expect(scan('('.repeat(500_000)).length).toBe(MOST_TOKENS);
  });

  // Each of these took the square of its length: as long as a test may take, many times over.
  test('takes each token a bounded number of times', () => {
    expect(redeclarable('class A;'.repeat(60_000)).startsWith('var A=class A;')).toBe(true);
    expect(redeclarable('class A {}\nclass B {}')).toBe('var A=class A {};\nvar B=class B {};');
    expect(placeOfThrow('throw a;'.repeat(60_000), '"a"')).toBeUndefined();
    expect(placeOfThrow('x;\n  throw "a"', '"a"')).toEqual({ line: 2, column: 3 });
    expect(commonJsSource('a.js', `exports={${'exports={'.repeat(60_000)}`)).toContain('export const {');
    expect(commonJsSource('a.js', 'module.exports = { a, b: 1, c() {} }')).toContain('{ a, b, c }');
  });
});
