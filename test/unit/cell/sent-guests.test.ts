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
  const find = createKeptGuests(() => undefined);
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
  const find = createKeptGuests(() => undefined);
  const script = guest('script', false);
  for (const message of [tell(script), tell(script)]) {
    expect(message).toEqual({ parts: { data: { name: 'script' }, modules: {} } });
    expect(await find(sentBy(message))).toEqual({ data: { name: 'script' }, modules: {} });
  }
});

test('the oldest goes, on both sides alike, and is sent again when it is wanted', async () => {
  const tell = createSentGuests(true);
  const find = createKeptGuests(() => undefined);
  const all = Array.from({ length: 20 }, (_, at) => guest(String(at)));
  for (const round of [0, 1, 2]) {
    for (const one of all) {
      const { data } = await find(sentBy(tell(one)));
      expect([round, data]).toEqual([round, one.data]);
    }
  }
  await expect(find({ keep: 1 })).rejects.toThrow('does not have');
});

test('a module that the cell was warmed with is named, not sent, and is the same one there', async () => {
  const bytes = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);
  const module = { module: new WebAssembly.Module(bytes), bytes };
  const shared: PreparedGuest = { engine: 'test', data: {}, modules: { engine: module } };
  const warmed = { data: {}, modules: { engine: module.module } };
  const tell = createSentGuests(true, shared);
  const find = createKeptGuests(() => warmed);
  const own = { module: new WebAssembly.Module(bytes), bytes };
  const message = tell({ engine: 'test', data: { name: 'one' }, modules: { engine: module, own } });
  expect(message.parts).toEqual({ data: { name: 'one' }, modules: { own: own.module }, shared: ['engine'] });
  expect((await find(message)).modules.engine).toBe(module.module);
  const otherwise = createSentGuests(true, shared)({ engine: 'test', data: {}, modules: { engine: own } });
  expect(otherwise.parts?.shared).toBeUndefined();
  const cold = createKeptGuests(() => undefined);
  await expect(cold(message)).rejects.toThrow('does not have');
});
