import type { HostAnswer } from '../../contracts/engine.ts';
import { type Arrived, freeArrived } from '../../vocabulary/bytes.ts';
import type { JsonObject } from '../../vocabulary/json.ts';
import { nativeFuel } from '../../wasm/meter.ts';
import type { Enter, Present } from './present.ts';
import { readCall } from './read-call.ts';
import type { RealmPort } from './realm/contract.ts';
import { bytesOf, moved } from './realm-bytes.ts';
import { soon } from './soon.ts';

/** The answer to a call between two runs, when there is no gate to ask. */
const NO_RUN = JSON.stringify({
  refusal: {
    id: 0,
    code: 'CANCELLED',
    message: 'Cannot call the host: the run has ended',
    details: { reason: 'bad-handle' },
  },
});
/** From here on a call's texts are paid for by their length, before they are looked at: short ones cost the guest more to make. */
const LONG_TEXT = 4096;
/** The largest timer that platforms take, ms. */
const MAX_TIMER_MS = 2 ** 31 - 1;

export interface RealmCalls {
  readonly port: Pick<RealmPort, 'timer' | 'sleep' | 'callSync' | 'call' | 'take'>;
  /** Drops the bytes of answers that nobody has taken. */
  forget(): void;
}

/** What the realm waits for: its timers, and its calls of the host. None of an earlier run comes back into a later one. */
export function createRealmCalls(at: Present, enter: Enter): RealmCalls {
  const untaken = new Map<number, Arrived>();
  const answerText = (id: number, answer: HostAnswer): string => {
    if (!answer.ok) {
      at.link?.refused(answer.refusal.id);
      return JSON.stringify({ refusal: answer.refusal });
    }
    if (answer.bytes !== undefined) untaken.set(id, answer);
    return JSON.stringify({ value: answer.value, bytes: answer.bytes?.byteLength ?? -1 });
  };
  const request = (
    operation: string,
    args: string,
    body: ArrayBuffer | undefined,
  ): [string, JsonObject, Uint8Array | undefined] => {
    const length = args.length + operation.length;
    if (length > LONG_TEXT) at.metered?.charge(nativeFuel(length));
    const { name, args: read, bytes } = readCall(operation, args, at.link?.hostCallBytes ?? 0);
    return [name, read, bytes ?? (body === undefined ? undefined : moved(body))];
  };
  return {
    forget: () => untaken.clear(),
    port: {
      timer: (id, ms) => {
        if (at.between !== undefined) return;
        const mine = at.link;
        const fire = (): void => {
          if (mine === undefined || mine === at.link) enter((api) => api.fire(id));
        };
        if (at.order !== undefined) at.order.timer(Math.min(ms, MAX_TIMER_MS), fire);
        else if (!(ms > 0)) soon(fire);
        else setTimeout(fire, Math.min(ms, MAX_TIMER_MS));
      },
      sleep: (ms) => at.link?.host.sleepSync(Math.min(Math.max(0, Number(ms) || 0), MAX_TIMER_MS)),
      callSync: (operation, args, body) => {
        if (at.between !== undefined) return NO_RUN;
        if (at.link === undefined) throw new Error('no run');
        return answerText(0, at.link.host.callSync(...request(operation, args, body)));
      },
      call: (id, operation, args, body) => {
        const { link: mine, order } = at;
        if (mine === undefined || order === undefined) throw new Error('no run');
        const asked = request(operation, args, body);
        const turn = order.call();
        void mine.host.call(...asked).then((answer) => {
          turn(() => {
            if (mine === at.link) enter((api) => api.settle(id, answerText(id, answer)));
          });
        });
      },
      take: (id, into, offset) => {
        const arrived = untaken.get(id);
        untaken.delete(id);
        if (arrived?.bytes === undefined) return;
        bytesOf(into).set(arrived.bytes, Number(offset));
        freeArrived(arrived);
      },
    },
  };
}
