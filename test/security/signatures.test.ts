import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { createRuntime, type ToolManifest } from '../../runtime/index.ts';
import { defined } from '../../runtime/vocabulary/defined.ts';

const EVIL = [
  '*/ evil(); /*',
  '*\\ evil(); /*',
  '""" evil() """',
  'ends in "',
  'a\nevil()',
  '\u2028evil()',
  '\\',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: text that would be code in a template
  '${evil()}',
];

const manifests = (): readonly ToolManifest[] => [
  ...EVIL.map((text, index) => ({
    name: `tool${index}`,
    description: text,
    input: {
      type: 'object',
      properties: {
        [text]: { type: 'string', description: text, default: text },
        choice: { enum: [text, 1, null, true] },
        list: { type: 'array', items: { type: 'array', items: { type: ['string', 'null'] } } },
      },
      required: ['choice'],
    },
    output: { type: 'object', properties: { [text]: { const: text } } },
  })),
  { name: 'class', description: 'A word of Python' },
  { name: '2fa.check-it', description: 'No name of a variable' },
];

const text = async (format: 'typescript' | 'python', list: readonly ToolManifest[]): Promise<string> => {
  await using runtime = createRuntime();
  for (const manifest of list)
    runtime.tools.register(manifest, { language: 'js', code: 'export const run = () => 1' });
  return runtime.tools.signatures({ format });
};

test('signatures are the same whatever the order, and compile whatever a manifest says', async () => {
  const typescript = await text('typescript', manifests());
  expect(await text('typescript', manifests().toReversed())).toBe(typescript);
  const folder = await mkdtemp(join(tmpdir(), 'sandglass-signatures-'));
  try {
    const file = join(folder, 'tools.ts');
    await writeFile(
      file,
      `${typescript}\nexport const answer: Promise<unknown> = tools['2fa.check-it']();\n`,
    );
    const tsc = new URL('../../node_modules/typescript/bin/tsc', import.meta.url).pathname;
    const args = [tsc, '--ignoreConfig', '--strict', '--noEmit', '--target', 'es2022', '--types', '', file];
    const { stdout } = await promisify(execFile)(process.execPath, args).catch(
      (error: { readonly stdout: string }) => error,
    );
    expect(stdout).toBe('');
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('stubs of Python parse, and nothing in them runs', async () => {
  const python = await text('python', manifests());
  await using runtime = createRuntime();
  const outcome = await runtime.run({
    language: 'python',
    code: 'import ast\nsorted({type(node).__name__ for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call)}), len(ast.parse(text).body)',
    inputs: { text: python },
  });
  expect(outcome).toMatchObject({ ok: true, value: [[], 1] });
});

test('references that multiply cost no more than a bounded text, or are refused', async () => {
  const to = (name: string): object => ({
    anyOf: Array(12).fill({ type: 'array', items: { $ref: `#/$defs/${name}` } }),
  });
  const $defs = { a: to('b'), b: to('c'), c: to('d'), d: { type: 'string' } };
  const input = {
    type: 'object',
    properties: { a: { $ref: '#/$defs/a' } },
    $defs,
  } as unknown as ToolManifest['input'];
  const manifest = { name: 'a', description: 'a', ...defined({ input }) };
  for (const format of ['typescript', 'python'] as const) {
    const told = await text(format, [manifest]).catch(
      (error: { readonly code?: string }) => error.code ?? '',
    );
    expect(told === 'MANIFEST_INVALID' || told.length < 200_000).toBe(true);
  }
});

test.each(['typescript', 'python'] as const)(
  'a long part that a schema refers to hundreds of times is not told each time: %s',
  async (format) => {
    const input = {
      type: 'object',
      $defs: { long: { enum: ['x'.repeat(100_000)] } },
      properties: Object.fromEntries(
        Array.from({ length: 300 }, (_, n) => [`field${n}`, { $ref: '#/$defs/long' }]),
      ),
    };
    const told = await text(format, [{ name: 'long', description: 'Refers to one long part', input }]);
    expect(told.length).toBeLessThan(500_000);
  },
);
