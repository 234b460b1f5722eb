import { describe, expect, test } from 'vitest';
import type { Engine, GuestSource } from '../../../runtime/contracts/engine.ts';
import { createRuntime } from '../../../runtime/index.ts';
import { chooseEngine } from '../../../runtime/run/choose-engine.ts';
import { SandglassError } from '../../../runtime/vocabulary/errors.ts';
import { scriptedEngine } from '../../support/scripted-engine.ts';

const engine = (name: string, ...languages: string[]): Engine => ({ ...scriptedEngine, name, languages });
const ENGINES = [
  engine('quickjs', 'javascript', 'typescript'),
  engine('pyodide', 'python'),
  engine('component'),
  engine('preview1'),
];
const script = (language: string): GuestSource => ({
  kind: 'script',
  language,
  code: '1',
  form: 'auto',
  modules: {},
  filename: 'main',
});
const wasm = (layer: number): GuestSource => ({
  kind: 'wasm',
  bytes: Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, layer, 0),
  hash: '',
  name: 'm.wasm',
});
const choose = (source: GuestSource, wanted?: string): string => {
  try {
    return chooseEngine(source, wanted, ENGINES).name;
  } catch (error) {
    if (!(error instanceof SandglassError)) throw error;
    return `${error.code}: ${error.message} (${error.hint})`;
  }
};

describe('chooseEngine()', () => {
  test.each([
    [script('typescript'), undefined, 'quickjs'],
    [script('typescript'), 'quickjs', 'quickjs'],
    [wasm(0), undefined, 'preview1'],
    [wasm(1), undefined, 'component'],
    [wasm(1), 'preview1', 'preview1'],
  ])('%# takes what fits', (source, wanted, name) => {
    expect(choose(source, wanted)).toBe(name);
  });

  test.each([
    [
      script('javascript'),
      'no-such-engine',
      'UNSUPPORTED: Cannot run it: no engine "no-such-engine" here (Known engines: quickjs, pyodide, component, preview1)',
    ],
    [
      script('javascript'),
      'quikjs',
      'UNSUPPORTED: Cannot run it: no engine "quikjs" here, did you mean "quickjs"? (Known engines: quickjs, pyodide, component, preview1)',
    ],
    [
      script('javascript'),
      'pyodide',
      'UNSUPPORTED: Cannot run javascript: engine "pyodide" takes python (Known engines: quickjs)',
    ],
    [
      script('python'),
      'component',
      'UNSUPPORTED: Cannot run python: engine "component" takes a .wasm (Known engines: pyodide)',
    ],
    [
      wasm(0),
      'quickjs',
      'UNSUPPORTED: Cannot run m.wasm: engine "quickjs" takes javascript, typescript, not a .wasm (Known engines: component, preview1)',
    ],
    [
      script('rust'),
      'quickjs',
      expect.stringContaining('UNSUPPORTED: Cannot run rust: no engine here takes its source'),
    ],
  ])('%# refuses by name what does not', (source, wanted, told) => {
    expect(choose(source, wanted)).toEqual(told);
  });

  test('shows little of a name that is long', () => {
    expect(choose(script('javascript'), 'x'.repeat(10_000_000)).length).toBeLessThan(300);
  });
});

test('engine is looked at with language, and in a session', async () => {
  await using runtime = createRuntime();
  const run = (engine: string, more = {}) =>
    runtime.run({ language: 'javascript', code: '6 * 7', engine, ...more });
  expect(await run('quickjs')).toMatchObject({ ok: true, value: 42 });
  for (const name of ['no-such-engine', '../../x', 'pyodide', 'component'])
    expect(await run(name)).toMatchObject({ ok: false, error: { code: 'UNSUPPORTED' } });
  await using session = await runtime.sessions.open({ language: 'javascript' });
  expect(await run('quickjs', { session: session.name })).toMatchObject({ ok: true });
  expect(await run('pyodide', { session: session.name })).toMatchObject({
    ok: false,
    error: {
      code: 'INPUT_INVALID',
      message: expect.stringContaining('it runs on quickjs, not on another engine'),
    },
  });
});
