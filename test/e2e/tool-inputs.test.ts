import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { describeModule } from '../../runtime/catalog/describe-module.ts';
import { createRuntime, type Runtime } from '../../runtime/index.ts';
import { addCustomSection } from '../../runtime/wasm/add-custom-section.ts';
import { buildTool } from '../../scripts/build-tools.ts';
import { probeGuest } from '../guests/component/build.ts';
import { verifies } from '../support/verifies.ts';

verifies('EX-05');

let runtime: Runtime;
let hash: Uint8Array<ArrayBuffer>;
beforeAll(async () => {
  runtime = createRuntime({ cache: false, level: 'minimal', limits: { timeoutMs: 120_000 } });
  hash = await buildTool('hash-text');
});
afterAll(() => runtime.close());

/** The probe, which echoes nothing, with a manifest of the test's own. */
const withManifest = async (manifest: unknown): Promise<Uint8Array<ArrayBuffer>> => {
  const text = typeof manifest === 'string' ? manifest : JSON.stringify(manifest);
  return new Uint8Array(
    addCustomSection(await probeGuest(), 'sandglass:manifest', new TextEncoder().encode(text)),
  );
};

describe('a tool', () => {
  test('is called with its inputs, or with the JSON object on its stdin', async () => {
    const value = { sha256: expect.stringMatching(/^ba7816bf/) };
    expect(await runtime.run({ module: hash, inputs: { text: 'abc' } })).toMatchObject({ ok: true, value });
    expect(await runtime.run({ module: hash, stdin: { text: 'abc' } })).toMatchObject({ ok: true, value });
    expect(await runtime.run({ module: hash, stdin: 'abc' })).toMatchObject({
      error: { code: 'INPUT_INVALID', message: expect.stringContaining('stdin is not a JSON object') },
    });
  });

  test('is not called with an input that its manifest does not allow', async () => {
    expect(await runtime.run({ module: hash, filename: 'hash.wasm', inputs: { txt: 5 } })).toMatchObject({
      ok: false,
      error: {
        code: 'INPUT_INVALID',
        message: expect.stringContaining('Cannot call the tool "hash.wasm": input.'),
        details: {
          faults: [
            { path: 'text', message: 'input.text is missing' },
            { path: 'txt', message: 'input.txt is not a field, known are text, did you mean "text"?' },
          ],
        },
      },
      usage: { fuel: null, hostCalls: {} }, // nothing of it ran
    });
    const { error } = (await runtime.run({ module: hash, inputs: { text: 5 } })) as { error?: Error };
    expect(error?.message).toContain('input.text must be string, got 5');
  });

  test('has its allowed values named, with the path to them', async () => {
    const module = await withManifest({
      input: {
        $schema: 'https://json-schema.org/draft/2020-12/schema',
        type: 'object',
        properties: {
          do: { items: { properties: { unit: { enum: ['C', 'F'] } } } },
          name: { pattern: '^(a+)+$' },
        },
      },
    });
    const run = async (inputs: object) => {
      const outcome = await runtime.run({ module, inputs: inputs as never });
      return outcome.ok ? 'ok' : `${outcome.error.code} ${outcome.error.message}`;
    };
    expect(await run({ do: [{ unit: 'C' }, { unit: 'K' }] })).toBe(
      'INPUT_INVALID Cannot call the tool "module.wasm": input.do[1].unit must be one of "C", "F", got "K"',
    );
  });

  test.each([
    ['{', 'its manifest is not JSON'],
    ['[]', 'its manifest is not a JSON object'],
    [{ input: 5 }, 'input of its manifest is not a schema'],
    [{ input: { type: 'nonsense' } }, 'input of its manifest is not JSON Schema'],
    [{ input: { $ref: 'https://example.com/x' } }, 'input of its manifest is not JSON Schema'],
  ])('with the manifest %j is refused', async (manifest, reason) => {
    expect(await runtime.run({ module: await withManifest(manifest) })).toMatchObject({
      error: { code: 'MANIFEST_INVALID', message: expect.stringContaining(reason) },
    });
  });
});

describe('describeModule()', () => {
  test('tells the manifest, and only what its capabilities need', () => {
    const { manifest, needs, imports } = describeModule(hash);
    expect(manifest).toMatchObject({
      name: 'hash_text',
      description: expect.stringContaining('SHA-256'),
      capabilities: [],
      input: { required: ['text'] },
    });
    expect([needs, imports.some(({ name }) => /sandglass:host\/(fs|http)/.test(name))]).toEqual([[], false]);
  });

  test('maps capabilities to flags', async () => {
    const module = await withManifest({
      capabilities: ['fs.read', { name: 'http', origins: ['https://a.b'] }, 'env'],
    });
    expect(describeModule(module).needs.map(({ flag }) => flag)).toEqual([
      '--allow-read=FOLDER:/GUEST',
      '--allow-net=ORIGIN',
      '--allow-env=NAME=VALUE',
    ]);
    expect(describeModule(await withManifest('{')).manifest).toEqual({
      description: 'Cannot be read: it is not a JSON object',
      capabilities: [],
    });
  });
});
