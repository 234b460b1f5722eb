import { expect, test } from 'vitest';
import { createIdempotency } from '../../../../runtime/doors/http/idempotency.ts';
import type { OnceOnly } from '../../../../runtime/work/journal-lines.ts';
import type { RunRecord } from '../../../../runtime/work/run-records.ts';
import { verifies } from '../../../support/verifies.ts';

verifies('PF-05');

const bytes = (text: string) => new TextEncoder().encode(text);
const record = (id: string, once?: OnceOnly) => ({ id, once }) as unknown as RunRecord; // no more of it is looked at

test('of two runs that an earlier process had for one key, the later holds', async () => {
  const asked: OnceOnly[] = [];
  const first = createIdempotency(() => 0);
  for (const [key, body] of [
    ['key', 'old'],
    ['other', 'new'],
  ] as const)
    await first.once('scope', key, bytes(body), async (once) => {
      if (once !== undefined) asked.push(once);
      return record(body);
    });
  const [old, other] = asked;
  if (old === undefined || other === undefined) throw new Error('nothing was asked');
  // As a store lists them: the latest first.
  const found = [record('later', { ...old, digest: other.digest }), record('earlier', old)];
  const second = createIdempotency(() => 0, found);
  const submit = async () => record('done twice');
  expect(await second.once('scope', 'key', bytes('new'), submit)).toMatchObject({
    record: { id: 'later' },
    replayed: true,
  });
  await expect(second.once('scope', 'key', bytes('old'), submit)).rejects.toMatchObject({ status: 422 });
});
