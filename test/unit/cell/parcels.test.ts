import { expect, test } from 'vitest';
import { createParcels, openParcels, type PieceMessage } from '../../../runtime/cell/parcels.ts';

const MIB = 1_048_576;

/** A channel that copies what it is given, and tells when it is done with it. */
function wire() {
  const sent: object[] = [];
  const dones: (() => void)[] = [];
  const send = (message: object): Promise<void> => {
    sent.push(structuredClone(message));
    return new Promise((resolve) => dones.push(resolve));
  };
  return { sent, dones, send };
}

const isPiece = (message: object): message is PieceMessage => 'type' in message && message.type === 'piece';

/** What the other end makes of it. */
function received(sent: readonly object[]): object[] {
  const parcels = openParcels();
  const whole: object[] = [];
  for (const message of sent) {
    if (isPiece(message)) parcels.take(message);
    else whole.push(parcels.whole(message));
  }
  return whole;
}

test('large bytes of a guest go ahead in pieces of 1 MiB, one under way at a time, and come together again', async () => {
  const { sent, dones, send } = wire();
  const parcels = createParcels(send);
  const module = crypto.getRandomValues(new Uint8Array(65_536));
  const large = new Uint8Array(Math.ceil(5.5 * MIB)).map((_, at) => module[at % module.length] ?? 0);
  const run = {
    type: 'run',
    guest: {
      parts: { data: { name: 'a', list: [1, large.subarray(0, 2 * MIB)] }, modules: { m: large, n: module } },
    },
    spec: { inputs: { x: 1 } },
  };
  const handed: string[] = [];
  parcels.post(run, () => handed.push('run'));
  parcels.post({ type: 'stop' }, () => handed.push('stop'));
  for (let at = 0; at < 20; at++) {
    // Nothing more is given to the channel before it is done with the last piece.
    expect(sent.length).toBeLessThanOrEqual(at + 2);
    dones.shift()?.();
    await new Promise((resolve) => setImmediate(resolve));
  }
  const pieces = sent.filter(isPiece);
  expect(pieces.map(({ bytes }) => bytes.byteLength)).toEqual([...Array(7).fill(MIB), MIB / 2]);
  expect(sent.filter((message) => !isPiece(message)).map((message) => Reflect.get(message, 'type'))).toEqual([
    'run',
    'stop',
  ]);
  expect(handed).toEqual(['run', 'stop']);
  const [whole] = received(sent);
  // Compared as buffers: item by item takes seconds.
  const { parts } = (whole as typeof run).guest;
  expect(Buffer.compare(parts.modules.m, large)).toBe(0);
  expect(Buffer.compare(parts.modules.n, module)).toBe(0);
  expect(Buffer.compare(parts.data.list[1] as Uint8Array, large.subarray(0, 2 * MIB))).toBe(0);
  expect(whole).toMatchObject({ type: 'run', guest: { parts: { data: { name: 'a' } } }, spec: run.spec });
});

test('what is small goes at once, as it is', () => {
  const { sent, send } = wire();
  const parcels = createParcels(send);
  const messages = [
    { type: 'answer', bytes: new Uint8Array(3) },
    { type: 'taken', messages: 2 },
  ];
  for (const message of messages) parcels.post(message);
  expect(received(sent)).toEqual(messages);
});

test('nobody else can name bytes that came ahead', async () => {
  const { sent, dones, send } = wire();
  const parcels = createParcels(send);
  const spec = { inputs: { 'sandglass:piece': 0, '': 0, undefined: 0 } };
  parcels.post({ type: 'run', guest: { module: new Uint8Array(2 * MIB) }, spec });
  for (let at = 0; at < 4; at++) {
    dones.shift()?.();
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(received(sent)).toMatchObject([{ spec }]);
});
