import { expect, test } from 'vitest';
import { createKeptGuests } from '../../../runtime/cell/kept-guests.ts';
import type { GuestMessage } from '../../../runtime/cell/protocol.ts';
import { createSentGuests } from '../../../runtime/cell/sent-guests.ts';
import type { PreparedGuest } from '../../../runtime/contracts/engine.ts';

const guest = (name: string, lasting = true): PreparedGuest => ({
  engine: 'test',
  data: { name },
  modules: {},
  ...(lasting ? { lasting } : {}),
});
/** As it goes between threads. */
const sentBy = (message: GuestMessage): GuestMessage => structuredClone(message);

test('a cell is sent a guest that lasts once, and finds the same one again', async () => {
  const tell = createSentGuests(true);
  const find = createKeptGuests();
  const one = guest('one');
  const first = tell(one);
  expect(first.parts?.data).toEqual({ name: 'one' });
  const found = await find(sentBy(first));
  const again = tell({ ...one });
  expect(again.parts).toBeUndefined();
  expect(await find(sentBy(again))).toBe(found);
});

test('a guest of one run is sent with each, and kept by nobody', async () => {
  const tell = createSentGuests(true);
  const find = createKeptGuests();
  const script = guest('script', false);
  for (const message of [tell(script), tell(script)]) {
    expect(message).toEqual({ parts: { data: { name: 'script' }, modules: {} } });
    expect(await find(sentBy(message))).toEqual({ data: { name: 'script' }, modules: {} });
  }
});

test('the oldest goes, on both sides alike, and is sent again when it is wanted', async () => {
  const tell = createSentGuests(true);
  const find = createKeptGuests();
  const all = Array.from({ length: 20 }, (_, at) => guest(String(at)));
  for (const round of [0, 1, 2]) {
    for (const one of all) {
      const { data } = await find(sentBy(tell(one)));
      expect([round, data]).toEqual([round, one.data]);
    }
  }
  await expect(find({ keep: 1 })).rejects.toThrow('does not have');
});
