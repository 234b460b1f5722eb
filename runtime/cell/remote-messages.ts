import {
  ENDED_BY_ITSELF,
  type FromCell,
  isCounted,
  MOST_WAITING_MESSAGES,
  type ProgressMessage,
  readFromCell,
  type ToCell,
} from './protocol.ts';
import type { RemoteCalls } from './remote-calls.ts';
import type { CellChannel } from './remote-channel.ts';
import type { RemoteEnds } from './remote-ends.ts';
import type { RemoteRun } from './remote-run.ts';
import { openReadiness, type RemoteState } from './remote-state.ts';
import type { RemoteUse } from './remote-use.ts';
import type { RemoteWaits } from './remote-waits.ts';
import { createValueTaker, PART_STEPS } from './value-parts.ts';

type OfCell = Extract<FromCell, { readonly type: 'ready' | 'crashed' }>;
type OfRun = Exclude<FromCell, ProgressMessage | { readonly type: 'ready' }>;

export interface RemoteMessagesOptions {
  readonly state: RemoteState;
  readonly channel: Pick<CellChannel, 'tookIn'>;
  readonly use: RemoteUse;
  readonly ends: RemoteEnds;
  readonly waits: RemoteWaits;
  readonly calls: RemoteCalls;
  readonly post: (message: ToCell) => void;
  /** See `RemoteCellOptions.renews`. */
  readonly renews: boolean;
}

/** Reads what a cell sends. What of a run costs time waits for its turn, in the order in which it came. */
export function createRemoteMessages(options: RemoteMessagesOptions): (raw: unknown) => void {
  const { state, channel, use, ends, calls } = options;
  const { running } = state;
  const receive = createReceiver(options);

  const takeTurn = (message: FromCell): void => {
    if (message.type === 'progress') use.progress(message);
    else if (message.type === 'ready' || (message.type === 'crashed' && message.token === 0)) ofCell(message);
    else {
      const run = running.get(message.token);
      if (run === undefined) {
        if (message.type === 'done') ends.cameBack(message.token);
        if (isCounted(message)) channel.tookIn?.(1);
      } else if (message.type === 'took') calls.took(run, message.call);
      else {
        if (isCounted(message)) run.arrived += 1;
        run.desk.serve(() => {
          if (running.has(run.token)) receive(run, message);
        });
        if (run.desk.waiting > MOST_WAITING_MESSAGES) ends.tampered('the cell sent more than it may at once');
      }
    }
  };
  const ofCell = (message: OfCell): void => {
    if (message.type === 'ready') {
      use.ready(message);
      state.readiness.resolve();
    } else {
      state.sound = false;
      state.readiness.reject(new Error(message.message));
    }
  };
  return (raw) => {
    if (!state.listening) return;
    const message = readFromCell(raw);
    if (message !== undefined) takeTurn(message);
    else ends.tampered('the cell sent a malformed message'); // only one that no longer runs our code does
  };
}

/** What becomes of a message of one run, when its turn has come. */
function createReceiver({
  state,
  use,
  ends,
  waits,
  calls,
  post,
  renews,
}: RemoteMessagesOptions): (run: RemoteRun, message: OfRun) => void {
  return (run, message) => {
    switch (message.type) {
      case 'call':
        calls.receive(run, message);
        break;
      case 'took':
        calls.took(run, message.call);
        break;
      case 'output': {
        calls.takeIn(run);
        run.memoryBytes = Math.max(run.memoryBytes, message.memoryBytes);
        run.outputRoom -= message.bytes.byteLength;
        if (run.outputRoom < 0) ends.breakOff(run, ends.stopped(run, 'output'));
        else run.request.onOutput(message.stream, message.bytes);
        break;
      }
      case 'rests':
        run.blocks = message.sync;
        waits.rest(run);
        break;
      case 'wakes':
        waits.wake(run, () => post({ type: 'go', token: run.token, sync: message.sync }));
        break;
      case 'part':
        calls.takeIn(run);
        run.value ??= createValueTaker();
        if (!run.value.take(message)) ends.tampered('the cell sent a malformed value');
        else if (run.value.weight > 3 * run.request.spec.limits.outputBytes + PART_STEPS)
          ends.breakOff(run, ends.stopped(run, 'output'));
        break;
      case 'done': {
        state.running.delete(run.token);
        use.spent(message.cpuMs);
        const { result } = message;
        if (renews && run.request.kept !== true && ENDED_BY_ITSELF.has(result.kind))
          state.readiness = openReadiness();
        const inParts = run.value !== undefined && result.kind === 'value';
        run.settle(inParts ? { ...result, value: run.value?.value() } : result, message.cpuMs);
        break;
      }
      case 'crashed':
        ends.breakOff(run, ends.crashed(run, message.message));
        break;
    }
  };
}
