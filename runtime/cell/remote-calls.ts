import type { HostAnswer } from '../contracts/engine.ts';
import { MOST_IN_FLIGHT } from './call-window.ts';
import {
  type CallMessage,
  LARGE_ANSWER,
  MOST_WAITING_MESSAGES,
  REST_AFTER_MS,
  type ToCell,
} from './protocol.ts';
import type { CellChannel } from './remote-channel.ts';
import type { RemoteRun } from './remote-run.ts';
import type { RemoteWaits } from './remote-waits.ts';

/** Host calls of the guests of a cell: so many at the gate at once, so many bytes of answers that nobody has taken. */
export interface RemoteCalls {
  receive(run: RemoteRun, message: CallMessage): void;
  /** The guest has taken the answer to a call. */
  took(run: RemoteRun, call: number): void;
  /** A message that the cell counts is no longer waiting at the host. */
  takeIn(run: RemoteRun): void;
}

export interface RemoteCallsOptions {
  readonly channel: Pick<CellChannel, 'tookIn' | 'untaken'>;
  readonly waits: RemoteWaits;
  readonly post: (message: ToCell) => void;
  /** The cell no longer runs our code. */
  readonly tampered: (message: string) => void;
}

export function createRemoteCalls({ channel, waits, post, tampered }: RemoteCallsOptions): RemoteCalls {
  const takeIn = (run: RemoteRun): void => {
    run.arrived -= 1;
    channel.tookIn?.(1);
  };
  const isOpen = (run: RemoteRun): boolean =>
    run.inFlight + (channel.untaken?.().later ?? 0) < MOST_IN_FLIGHT &&
    run.untakenBytes < run.request.spec.limits.hostCallBytes;
  const answerCall = (run: RemoteRun, message: CallMessage, answer: HostAnswer): void => {
    if (message.sync) run.blocked = false;
    else {
      run.inFlight -= 1;
      const size = answer.ok ? (answer.bytes?.byteLength ?? 0) : 0;
      if (size >= LARGE_ANSWER) {
        run.untaken.set(message.call, size);
        run.untakenBytes += size;
      }
    }
    post({ type: 'answer', token: run.token, call: message.call, sync: message.sync, answer });
    goOn(run);
  };
  const begin = (run: RemoteRun, message: CallMessage): void => {
    if (message.sync) run.blocked = true;
    else run.inFlight += 1;
    const answer = run.request.gate.call(message.operation, message.args, message.bytes);
    if (!(answer instanceof Promise)) {
      answerCall(run, message, answer);
      return;
    }
    const blocks = message.sync;
    if (blocks) run.restTimer = setTimeout(() => waits.rest(run), REST_AFTER_MS);
    void answer.then((later) => {
      if (!blocks) {
        run.desk.serve(() => answerCall(run, message, later));
        return;
      }
      clearTimeout(run.restTimer);
      waits.wake(run, () => run.desk.serve(() => answerCall(run, message, later)));
    });
  };
  /** Calls that were held, as far as there is room for them. */
  const goOn = (run: RemoteRun): void => {
    if (run.held.length === 0 || !isOpen(run)) return;
    run.desk.serve(() => {
      const next = isOpen(run) ? run.held.shift() : undefined;
      if (next === undefined) return;
      takeIn(run);
      begin(run, next);
      goOn(run);
    });
  };
  const receiveCall = (run: RemoteRun, message: CallMessage): void => {
    if (message.sync) {
      // A guest that blocks has taken the answer before: only a cell that no longer runs our code asks on.
      if (run.blocked || (channel.untaken?.().sync ?? 0) > 0) {
        tampered('the cell asked on before it had its answer');
        return;
      }
      takeIn(run);
      begin(run, message);
    } else if (run.held.length === 0 && isOpen(run)) {
      takeIn(run);
      begin(run, message);
    } else {
      run.held.push(message);
      if (run.held.length > MOST_WAITING_MESSAGES) tampered('the cell asked for more than it may at once');
    }
  };

  return {
    receive: receiveCall,
    took: (run, call) => {
      run.untakenBytes -= run.untaken.get(call) ?? 0;
      run.untaken.delete(call);
      goOn(run);
    },
    takeIn,
  };
}
