import type { HostAnswer } from '../contracts/engine.ts';
import type { JsonObject } from '../vocabulary/json.ts';
import { MIB } from '../vocabulary/units.ts';

/** Calls of one run that are under way at once: asked for, and not yet answered to the guest. */
export const MOST_IN_FLIGHT = 16;
/** Calls that may wait for their turn; over it they are refused, since each holds its arguments. */
const MOST_WAITING = 10_000;
/** The same for the bytes that go with them. */
const MOST_WAITING_BYTES = 64 * MIB;

export type Ask = (operation: string, args: JsonObject, bytes?: Uint8Array) => Promise<HostAnswer>;

/** Lets so many calls out at a time that neither they nor their answers pile up; the others wait on the guest's side. They begin in order. */
export interface CallWindow {
  readonly call: Ask;
  readonly inFlight: number;
}

/** @param hostCallBytes With so many bytes under way, no further call begins. */
export function createCallWindow(ask: Ask, hostCallBytes: number): CallWindow {
  const waiting: { readonly begin: () => void; readonly size: number }[] = [];
  let inFlight = 0;
  let bytesInFlight = 0;
  let bytesWaiting = 0;
  const isOpen = (): boolean => inFlight < MOST_IN_FLIGHT && bytesInFlight < hostCallBytes;
  const begin = async (
    operation: string,
    args: JsonObject,
    bytes: Uint8Array | undefined,
  ): Promise<HostAnswer> => {
    const size = bytes?.byteLength ?? 0;
    inFlight += 1;
    bytesInFlight += size;
    try {
      return await ask(operation, args, bytes);
    } finally {
      inFlight -= 1;
      bytesInFlight -= size;
      while (isOpen()) {
        const next = waiting.shift();
        if (next === undefined) break;
        bytesWaiting -= next.size;
        next.begin();
      }
    }
  };
  return {
    call: (operation, args, bytes) => {
      if (waiting.length === 0 && isOpen()) return begin(operation, args, bytes);
      const size = bytes?.byteLength ?? 0;
      if (waiting.length >= MOST_WAITING || bytesWaiting + size > MOST_WAITING_BYTES) {
        return Promise.resolve(tooMany(operation, waiting.length));
      }
      bytesWaiting += size;
      return new Promise((resolve) => {
        waiting.push({ size, begin: () => resolve(begin(operation, args, bytes)) });
      });
    },
    get inFlight() {
      return inFlight;
    },
  };
}

/** The guest's side says so itself: the gate, which gives ids from 1, has not heard of it. */
const tooMany = (operation: string, waiting: number): HostAnswer => ({
  ok: false,
  refusal: {
    id: 0,
    code: 'HOST_CALL_FAILED',
    message: `Cannot call ${operation}: ${waiting} calls wait for their turn already`,
    hint: 'Wait for some of them first',
    details: { reason: 'too-many' },
  },
});
