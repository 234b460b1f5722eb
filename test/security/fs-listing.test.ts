import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createNodeBackend } from '../../host-functions/fs/node-backend.ts';
import type { FsEntry } from '../../runtime/contracts/operations/fs.ts';
import { openGuest } from '../support/fs-harness.ts';

let host = '';
const LARGE = 3_500;

beforeAll(() => {
  host = mkdtempSync(join(tmpdir(), 'sandglass-listing-'));
  for (const [folder, count] of [
    ['small', 50],
    ['large', LARGE],
    ['huge', 20_001],
    ['other', 3],
  ] as const) {
    mkdirSync(join(host, folder));
    for (let index = 0; index < count; index += 1) writeFileSync(join(host, folder, `f${index}`), '');
  }
});
afterAll(() => rmSync(host, { recursive: true, force: true }));

const request = (args: object) => ({
  args: args as never,
  bytes: undefined,
  signal: new AbortController().signal,
});

describe('a listing of a large folder', () => {
  const open = () =>
    openGuest({ backend: createNodeBackend(), grant: [{ host, guest: '/data', access: ['read'] }] });

  test('is answered at once where it is small', () => {
    using guest = open();
    expect(guest.names('/data/small')).toHaveLength(50);
  });

  test('gives other work its turn, by path and by handle', async () => {
    using guest = open();
    const { handle } = guest.call('fs.open', { path: '/data/large', directory: true }).value;
    for (const [operation, args] of [
      ['fs.list', { path: '/data/large' }],
      ['fs.flist', { handle }],
    ] as const) {
      const order: string[] = [];
      setTimeout(() => order.push('timer'), 0);
      const reply = guest.session.call(operation, request(args));
      expect(reply).toBeInstanceOf(Promise);
      const { value } = await reply;
      order.push('listed');
      expect(value).toHaveLength(LARGE);
      expect(order).toEqual(['timer', 'listed']);
    }
  });

  test('stays one of that folder, whatever the guest closes and opens meanwhile', async () => {
    using guest = open();
    const { handle } = guest.call('fs.open', { path: '/data/large', directory: true }).value;
    const reply = guest.session.call('fs.flist', request({ handle }));
    guest.call('fs.close', { handle });
    for (let opened = 0; opened < 10; opened += 1)
      guest.call('fs.open', { path: '/data/other', directory: true });
    const entries = (await reply).value as unknown as readonly FsEntry[];
    expect(new Set(entries.map(({ name }) => name)).size).toBe(LARGE);
  });

  test('takes a turn of its run for each few entries, and ends with the run', async () => {
    let turns = 0;
    let atTurn: (turn: number) => void = () => undefined;
    const guest = openGuest({
      backend: createNodeBackend(),
      grant: [{ host, guest: '/data', access: ['read'] }],
      level: {
        inTurn: async (work) => {
          turns += 1;
          atTurn(turns);
          return work();
        },
      },
    });
    await guest.session.call('fs.list', request({ path: '/data/large' }));
    expect(turns).toBeGreaterThan(LARGE / 500);
    turns = 0;
    atTurn = (turn) => {
      if (turn === 3) void guest.session.close();
    };
    await expect(guest.session.call('fs.list', request({ path: '/data/large' }))).rejects.toMatchObject({
      code: 'CANCELLED',
    });
    expect(turns).toBe(3);
  });

  test('is refused over 20,000 entries', async () => {
    using guest = open();
    await expect(async () =>
      guest.session.call('fs.list', request({ path: '/data/huge' })),
    ).rejects.toMatchObject({
      code: 'HOST_CALL_FAILED',
      details: { reason: 'too-large' },
    });
  });
});
