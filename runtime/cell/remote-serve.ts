import { type CellResult, type CellRun, STOP_GRACE_MS } from '../contracts/cell.ts';
import type { PreparedGuest, RunSpec } from '../contracts/engine.ts';
import { defined } from '../vocabulary/defined.ts';
import { inSlices, others, SLICE } from '../vocabulary/in-slices.ts';
import type { JsonObject } from '../vocabulary/json.ts';
import { jsonText } from '../vocabulary/json-text.ts';
import { holdsMore } from '../vocabulary/size-of-json.ts';
import { type GuestMessage, MOST_GUESTS, type ToCell } from './protocol.ts';
import type { CellChannel, RemoteCell } from './remote-channel.ts';
import type { RemoteEnds } from './remote-ends.ts';
import { keptMs, openRemoteRun, type RemoteRun } from './remote-run.ts';
import type { RemoteState } from './remote-state.ts';
import type { RemoteUse } from './remote-use.ts';
import type { RemoteWaits } from './remote-waits.ts';
import type { Serving } from './serving.ts';
import { eachPart, type ValuePart } from './value-parts.ts';

export interface RemoteServeOptions {
  readonly state: RemoteState;
  readonly channel: Pick<CellChannel, 'post' | 'reset' | 'hold' | 'signalStop' | 'tookIn'>;
  readonly use: RemoteUse;
  readonly ends: RemoteEnds;
  readonly waits: RemoteWaits;
  readonly serving: Serving;
  /** How a guest is told of to the cell, which may know it. */
  readonly tellOf: (guest: PreparedGuest) => GuestMessage;
  readonly post: (message: ToCell) => void;
}

/** Runs one guest after another in a cell, or several beside each other: from its message to its end, its deadline or its cancellation. */
export function createRemoteServe(options: RemoteServeOptions): RemoteCell['run'] {
  const { state, channel, use, ends, waits, serving, tellOf, post } = options;
  const { running } = state;
  let tokens = 0;

  /** Tells the guest to stop, and does not wait for it for long. */
  const stopping = (run: RemoteRun): { stop(reason: 'deadline' | 'cancelled'): void; clear(): void } => {
    let graceTimer: ReturnType<typeof setTimeout> | undefined;
    return {
      stop: (reason) => {
        if (run.stopping !== undefined) return;
        run.stopping = reason;
        channel.signalStop(run.place, reason);
        post({ type: 'stop', token: run.token, place: run.place, reason });
        waits.letGo(run);
        graceTimer = setTimeout(() => {
          void use.ownCpuMs().then((cpuMs) => ends.leaveBehind(run, ends.stopped(run, reason), cpuMs));
        }, STOP_GRACE_MS);
      },
      clear: () => clearTimeout(graceTimer),
    };
  };
  const open = (request: CellRun, token: number, settle: RemoteRun['settle']): RemoteRun => {
    const place = freePlace(running);
    channel.reset(place);
    use.forgetProgress();
    const run = openRemoteRun(request, { token, place, desk: serving.open(), settle });
    running.set(run.token, run);
    waits.letAllGo(); // the thread is busy with the new one anyway
    channel.hold(true);
    return run;
  };
  const close = (run: RemoteRun): void => {
    clearTimeout(run.restTimer);
    running.delete(run.token);
    run.desk.close();
    if (run.arrived > 0) channel.tookIn?.(run.arrived);
    if (running.size === 0) channel.hold(false);
    else waits.left();
    if (run.stopping !== undefined) state.sound = false;
  };

  return async (request, cold) => {
    const { signal, spec } = request;
    const inputs = holdsMore(spec.inputs, SLICE) ? await textOf(spec.inputs) : undefined;
    tokens += 1;
    const token = tokens;
    const hasMany = holdsMore(spec.args, SLICE);
    if (hasMany) await sendArgs(spec.args, (part) => channel.post({ type: 'args', token, part }));
    const outcome = Promise.withResolvers<CellResult>();
    const run = open(request, token, (end, cpuMs) => outcome.resolve({ end, cpuMs, coldStart: cold }));
    const { stop, clear } = stopping(run);
    const onAbort = (): void => stop('cancelled');
    signal.addEventListener('abort', onAbort, { once: true });
    const clearDeadline = setDeadline(spec.limits.timeoutMs, run, () => stop('deadline'));
    request.onStart(
      async () => ({
        cpuMs: running.size > 1 ? null : await use.ownCpuMs(), // the thread's own count is of all that are in it
        memoryBytes: run.memoryBytes || null,
      }),
      () => (running.has(run.token) ? use.burntBy(run) : null),
    );
    try {
      if (state.ended) throw new Error('the cell ended before the run');
      channel.post({
        type: 'run',
        token,
        place: run.place,
        kept: request.kept === true,
        guest: tellOf(request.guest),
        spec: {
          ...spec,
          ...(hasMany ? { args: [] } : {}),
          ...(inputs === undefined ? {} : { inputs: {} }),
        },
        ...defined({ inputs }),
      });
      if (signal.aborted) onAbort();
      return await outcome.promise;
    } finally {
      clearDeadline();
      clear();
      signal.removeEventListener('abort', onAbort);
      close(run);
    }
  };
}

/**
 * Calls back at a run's deadline, which is later by what its guest was kept waiting after its waits.
 * @returns What takes it back.
 */
function setDeadline(timeoutMs: number, run: RemoteRun, onDeadline: () => void): () => void {
  let extendedMs = 0;
  const look = (): void => {
    const moreMs = Math.ceil(keptMs(run) - extendedMs);
    if (moreMs <= 0) {
      onDeadline();
      return;
    }
    extendedMs += moreMs;
    timer = setTimeout(look, moreMs);
  };
  let timer = setTimeout(look, timeoutMs);
  return () => clearTimeout(timer);
}

function freePlace(running: ReadonlyMap<number, RemoteRun>): number {
  const taken = new Set([...running.values()].map(({ place }) => place));
  for (let place = 0; place < MOST_GUESTS; place++) if (!taken.has(place)) return place;
  throw new Error('the cell has no place for another guest');
}

/** Many arguments in pieces, with turns for others between. */
async function sendArgs(args: RunSpec['args'], send: (part: ValuePart) => void): Promise<void> {
  for (const part of eachPart(args, Number.POSITIVE_INFINITY)) {
    send(part);
    await others();
  }
}

/** Many inputs as one text, which is copied at once where an object of many fields would take long. */
async function textOf(inputs: JsonObject): Promise<string> {
  let text = '';
  await others(); // an object of many fields was just listed, and is listed again
  await inSlices(
    jsonText(inputs, (piece) => {
      text += piece;
    }),
  );
  return text;
}
