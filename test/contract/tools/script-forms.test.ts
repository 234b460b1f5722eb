import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createRuntime, type Runtime } from '../../../runtime/index.ts';

const SCRIPTS: Readonly<Record<string, { readonly language: 'js' | 'ts'; readonly code: string }>> = {
  exported: { language: 'js', code: 'export const run = ({ n }) => n + 1' },
  function: { language: 'js', code: 'export async function run({ n }) {\n  return n + 1;\n}' },
  plain: { language: 'js', code: 'function run({ n }) { return n + 1 } // the last line' },
  typed: {
    language: 'ts',
    code: 'export function run({ n }: { readonly n: number }): number { return n + 1; }',
  },
  default: { language: 'js', code: 'export default ({ n }) => n + 1' },
  both: { language: 'js', code: 'function run() { return 0 }\nexport default { run: ({ n }) => n + 1 }' },
  named: {
    language: 'js',
    code: 'const run = () => 0;\nconst other = ({ n }) => n + 1;\nexport { other as run };',
  },
  // The one module of a guest would be its main one.
  main: {
    language: 'js',
    code: "function run({ n }) { return n + 1 }\nif (import.meta.main || process.argv[1] === import.meta.filename) throw new Error('main');",
  },
  itself: {
    language: 'js',
    code: "import * as self from 'itself.js';\nexport const run = ({ n }) => (self.run === run ? n + 1 : 0);",
  },
  later: {
    language: 'js',
    code: "export const run = async ({ n }) => ('run' in (await import('lat' + 'er.js')) ? n + 1 : 0);",
  },
  input: { language: 'js', code: 'const sandglass_input = 5;\nfunction run({ n }) { return n + 1 }' },
  commonjs: { language: 'js', code: 'function run({ n }) { return n + 1 }\nmodule.exports = { run };' },
};

describe('what a script calls its function', () => {
  let runtime: Runtime;
  beforeAll(() => {
    runtime = createRuntime({ limits: { timeoutMs: 120_000 } });
    for (const [name, script] of Object.entries(SCRIPTS))
      runtime.tools.register({ name, description: name, input: { n: { type: 'number' } } }, script);
  });
  afterAll(() => runtime.close());

  test.each(Object.keys(SCRIPTS))('%s', async (name) => {
    expect(await runtime.tools.call(name, { n: 1 })).toMatchObject({ ok: true, value: 2 });
  });

  test('where it is seen at once, the script is the only module: it takes a third less fuel', async () => {
    const fuelOf = async (name: string) =>
      (await runtime.tools.call(name, { n: 1 })).usage.fuel ?? Number.NaN;
    expect(await fuelOf('exported')).toBeLessThan(0.75 * (await fuelOf('default')));
  });

  test.each([
    ['a comment', '/*\nfunction run() {}\n*/'],
    ['a text', 'export const text = `\nfunction run() {}\n`;'],
  ])('a script that only speaks of one, in %s, has none', async (_, code) => {
    await using own = createRuntime({ limits: { timeoutMs: 120_000 } });
    own.tools.register({ name: 'none', description: 'none', input: {} }, { language: 'js', code });
    expect(await own.tools.call('none', {})).toMatchObject({
      ok: false,
      error: { code: 'GUEST_THREW', message: expect.stringContaining('neither a function run(args)') },
    });
  });

  test('what it throws lies in its own lines', async () => {
    await using own = createRuntime({ limits: { timeoutMs: 120_000 } });
    const code = 'export function run() {\n  throw new RangeError("no");\n}';
    own.tools.register({ name: 'bad', description: 'bad', input: {} }, { language: 'js', code });
    expect(await own.tools.call('bad', {})).toMatchObject({
      error: { details: { name: 'RangeError', file: 'bad.js', line: 2 } },
    });
  });
});
