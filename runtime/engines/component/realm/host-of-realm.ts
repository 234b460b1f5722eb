import type { GuestHost, HostAnswer, StopReason } from '../../../contracts/engine.ts';
import { inOwnBuffer } from '../../../vocabulary/bytes.ts';
import type { RealmApi, RealmPort } from './contract.ts';

/** The host as the code of a realm sees it: what `GuestHost` is in a cell, over the port. */
export interface RealmHost {
  readonly host: GuestHost;
  readonly fire: RealmApi['fire'];
  readonly settle: RealmApi['settle'];
  /** Bytes that came with the run. */
  readonly loaded: (place: number, size: number) => Uint8Array;
}

export function hostOfRealm(port: RealmPort): RealmHost {
  const pending = new Map<number, (answer: string) => void>();
  const timers = new Map<number, () => void>();
  let ids = 0;
  const nextId = (): number => {
    ids += 1;
    return ids;
  };
  const startTimer = (callback: () => void, ms: number): number => {
    const id = nextId();
    timers.set(id, callback);
    port.timer(id, Number(ms) || 0);
    return id;
  };
  // What glue waits by.
  Object.assign(globalThis, {
    setTimeout: startTimer,
    clearTimeout: (id: number) => timers.delete(id),
    queueMicrotask: (callback: () => void) => void Promise.resolve().then(callback),
  });
  const filled = (id: number, size: number, copy: (id: number, into: ArrayBuffer) => void): Uint8Array => {
    const bytes = new Uint8Array(size);
    if (size > 0) copy(id, bytes.buffer);
    return bytes;
  };
  const answerOf = (id: number, text: string): HostAnswer => {
    const answer = JSON.parse(text) as HostAnswer & { size: number }; // the cell's own
    if (!answer.ok || answer.size < 0) return answer;
    return { ...answer, bytes: filled(id, answer.size, port.take), ownsBytes: true };
  };
  const bodyOf = (bytes: Uint8Array | undefined): ArrayBuffer | undefined =>
    bytes === undefined ? undefined : inOwnBuffer(bytes).buffer;
  /** A view as the port takes it; the cell looks at what it is. */
  const placeOf = ({ buffer, byteOffset, byteLength }: Uint8Array): [ArrayBuffer, number, number] => [
    buffer as ArrayBuffer,
    byteOffset,
    byteLength,
  ];
  let memoryBytes = (): number => 0;
  let fuel = (): number => 0;
  const host: GuestHost = {
    canBlock: false, // the run tells
    stackBytes: 0, // what a stack holds is the engine's affair, and this one never asks
    call: (operation, args, bytes) =>
      new Promise((resolve) => {
        const id = nextId();
        pending.set(id, (text) => resolve(answerOf(id, text)));
        port.call(id, operation, JSON.stringify(args), bodyOf(bytes));
      }),
    callSync: (operation, args, bytes) =>
      answerOf(0, port.callSync(operation, JSON.stringify(args), bodyOf(bytes))),
    write: (stream, bytes) => port.write(stream === 'stdout' ? 1 : 2, ...placeOf(bytes)),
    stopReason: () => {
      const reason = port.stopReason(memoryBytes(), fuel());
      return reason === '' ? undefined : (reason as StopReason); // the cell's own
    },
    now: port.now,
    monotonic: port.monotonic,
    random: (bytes) => port.random(...placeOf(bytes)),
    sleep: (ms) => new Promise((resolve) => void startTimer(resolve, ms)),
    rest: (until) => until, // the cell knows by the timers and calls that it was asked for
    sleepSync: port.sleepSync,
    trackMemory: (read) => {
      memoryBytes = read;
    },
    trackFuel: (read) => {
      fuel = read;
    },
  };
  return {
    host,
    fire: (id) => {
      const callback = timers.get(id);
      timers.delete(id);
      callback?.();
    },
    settle: (id, answer) => {
      const resolve = pending.get(id);
      pending.delete(id);
      resolve?.(answer);
    },
    loaded: (place, size) => filled(place, size, port.load),
  };
}
