import type { ToCell } from './protocol.ts';
import { createRemoteCalls } from './remote-calls.ts';
import type { CellChannel, RemoteCell, RemoteCellOptions } from './remote-channel.ts';
import { createRemoteEnds } from './remote-ends.ts';
import { createRemoteMessages } from './remote-messages.ts';
import { createRemoteServe } from './remote-serve.ts';
import { openRemoteState } from './remote-state.ts';
import { createRemoteUse } from './remote-use.ts';
import { createRemoteWaits } from './remote-waits.ts';
import { createSentGuests, partsOf } from './sent-guests.ts';
import { createServing } from './serving.ts';
import { nextTurn } from './thread-turns.ts';

/** Drives a cell over a channel: the same for workers and processes. */
export function createRemoteCell(channel: CellChannel, options: RemoteCellOptions): RemoteCell {
  const { shared, renews = false } = options;
  const state = openRemoteState();
  const { running } = state;
  const post = (message: ToCell): void => {
    if (!state.ended) channel.post(message);
  };
  const end = async (): Promise<void> => {
    state.sound = false;
    state.ended = true;
    await channel.destroy();
  };
  const use = createRemoteUse(channel, running, post);
  const ends = createRemoteEnds(state, use, end);
  const waits = createRemoteWaits(running);
  const calls = createRemoteCalls({ channel, waits, post, tampered: ends.tampered });
  const serving = options.serving ?? createServing(() => performance.now(), nextTurn);
  const tellOf = createSentGuests(channel.sendsModules, shared);

  channel.onMessage(createRemoteMessages({ state, channel, use, ends, waits, calls, post, renews }));
  channel.onEnd((message, heapIsFull) => {
    state.ended = true;
    state.readiness.reject(new Error(message));
    ends.breakAll((run) => {
      if (run.stopping !== undefined) return ends.stopped(run, run.stopping);
      return heapIsFull ? ends.stopped(run, 'memory') : ends.crashed(run, message);
    });
  });
  channel.post({
    type: 'warm',
    executorUrl: options.executorUrl,
    stackBytes: options.stackBytes,
    shared: shared === undefined ? undefined : partsOf(shared, channel.sendsModules),
    renews,
  });

  return {
    get ready() {
      return state.readiness.promise;
    },
    run: createRemoteServe({ state, channel, use, ends, waits, serving, tellOf, post }),
    get guests() {
      return running.size;
    },
    get resting() {
      return waits.isResting();
    },
    get blocked() {
      return [...running.values()].some((run) => run.blocked || run.blocks);
    },
    get guestBytes() {
      return use.guestBytes;
    },
    watch: waits.watch,
    get sound() {
      return state.sound && !state.ended;
    },
    get heldBytes() {
      return use.heldBytes;
    },
    get memoryBytes() {
      return use.readyBytes;
    },
    end,
    hold: (held) => channel.hold(held),
  };
}
