import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createRunBodyReader } from '../../runtime/doors/http/run-body.ts';
import { createRuntime } from '../../runtime/index.ts';
import { copyJson } from '../../runtime/vocabulary/copy-json.ts';
import { holdsMore } from '../../runtime/vocabulary/size-of-json.ts';

let host = '';
beforeAll(() => {
  host = mkdtempSync(join(tmpdir(), 'sandglass-grant-sizes-'));
});
afterAll(() => rmSync(host, { recursive: true, force: true }));

const run = async (grant: object): Promise<unknown> => {
  await using runtime = createRuntime();
  return runtime.run({ language: 'javascript', code: '1', grant });
};

test('a grant that would open more folders than a process may have open is refused before any is opened', async () => {
  const fs = Array.from({ length: 1_001 }, (_, at) => ({ host, guest: `/d${at}`, access: ['read'] }));
  await expect(run({ fs })).rejects.toThrow('Cannot read grant.fs: 1001 mounts are over 1000');
});

test('a grant of thousands of origins is refused', async () => {
  for (const part of ['http', 'ws']) {
    const entries = Array.from({ length: 1_001 }, (_, at) => ({ origin: `https://a${at}.example.com` }));
    await expect(run({ [part]: entries })).rejects.toThrow(
      `Cannot read grant.${part}: 1001 origins are over 1000`,
    );
  }
});

test('a body holds 100,000 values at most beside its inputs', () => {
  const read = createRunBodyReader();
  const many = Array.from({ length: 100_001 }, () => 'x');
  const body = { language: 'javascript', code: '1' };
  for (const more of [{ argv: many }, { grant: { custom: { a: many } } }, { modules: { ...many } }]) {
    expect(() => read({ ...body, ...more })).toThrow('more than 100000 values beside its inputs');
  }
  expect(read({ ...body, inputs: { many } }).options).toMatchObject({ inputs: { many } });
});

test('a field of a large object weighs as much as it costs: a table of a few thousand fields is all that a call takes', () => {
  const table = Object.fromEntries(Array.from({ length: 13_000 }, (_, at) => [`k${at}`, 0]));
  const list = Array.from({ length: 13_000 }, () => 0);
  const rows = Array.from({ length: 9_000 }, () => ({ a: 1, b: 2, c: 3, d: 4, e: 5 }));
  expect([table, list, rows].map((value) => holdsMore(value, 100_000))).toEqual([true, false, false]);
  expect(() => copyJson(table, 'args', { maxValues: 100_000 })).toThrow(
    'Cannot copy args: over 100000 values',
  );
  expect(copyJson(rows, 'args', { maxValues: 100_000 })).toEqual(rows);
});
