import { createHash } from 'node:crypto';
import { beforeAll, expect, test } from 'vitest';
import { buildTool } from '../../scripts/build-tools.ts';
import { runTool } from '../../test/guests/component/run-tool.ts';

beforeAll(async () => {
  await buildTool('hash-text');
});

test.each(['', 'abc', 'h\u00e9llo \u{1f600}\n"quoted"\\', 'x'.repeat(1000)])(
  'hash-text hashes %j as Node does',
  async (text) => {
    const { result, host } = await runTool('hash-text', { text }, {});
    const bytes = Buffer.from(text, 'utf8');
    expect(result).toMatchObject({
      kind: 'value',
      value: { sha256: createHash('sha256').update(bytes).digest('hex'), bytes: bytes.length },
    });
    expect(host.calls).toEqual([]);
  },
);

test('hash-text answers a missing text as INPUT_INVALID', async () => {
  const { result } = await runTool('hash-text', { txt: 'abc' }, {});
  expect(result).toMatchObject({ kind: 'threw', payload: { code: 'INPUT_INVALID', hint: null, refusal: 0 } });
});
