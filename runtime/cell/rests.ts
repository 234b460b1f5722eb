import { REST_AFTER_MS } from './protocol.ts';

/** The waits of one guest in a worker: the host may give its processor to another meanwhile, and is asked before the guest goes on. */
export interface Rests {
  /** Waits with the guest, which returns to the event loop. */
  rest<T>(until: Promise<T>): Promise<T>;
  /** Waits with the guest, which blocks its thread meanwhile. */
  block(ms: number): void;
  /** The host lets a guest go on that does not block, or the run is to stop. */
  go(): void;
  /** Time that the guest would have gone on and was not let, ms. */
  readonly keptMs: number;
}

export interface RestsOptions {
  readonly tell: (type: 'rests' | 'wakes', sync: boolean) => void;
  readonly monotonic: () => number;
  /** Blocks the thread for so long, or until the run is to stop. */
  readonly blockFor: (ms: number) => void;
  /** Tells that it would go on, then blocks the thread until it may, or the run is to stop. */
  readonly blockUntilGo: (tell: () => void) => void;
  readonly isStopped: () => boolean;
  /** The thread does nothing for this guest from now on, or again does. */
  readonly onIdle: (idle: boolean) => void;
}

/**
 * That the thread is idle is known by a timer, which no guest can hurry: it fires when the thread has come back to its event loop. However
 * many waits a guest has begun, the end of any one of them ends its rest.
 */
export function createRests(options: RestsOptions): Rests {
  const { tell, monotonic } = options;
  let waits = 0;
  let rests = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let going: PromiseWithResolvers<void> | undefined;
  let keptMs = 0;

  const arm = (): void => {
    timer = setTimeout(() => {
      if (options.isStopped()) return;
      rests = true;
      options.onIdle(true);
      tell('rests', false);
    }, REST_AFTER_MS);
  };
  const goOn = async (): Promise<void> => {
    clearTimeout(timer);
    if (!rests) return;
    if (going === undefined) {
      const asked = monotonic();
      going = Promise.withResolvers();
      tell('wakes', false);
      if (!options.isStopped()) await going.promise;
      keptMs += monotonic() - asked;
      going = undefined;
      rests = false;
      options.onIdle(false);
    } else await going.promise;
  };
  return {
    rest: async (until) => {
      waits += 1;
      if (waits === 1) arm();
      try {
        return await until;
      } finally {
        waits -= 1;
        await goOn();
        if (waits > 0) arm();
      }
    },
    block: (ms) => {
      if (ms < REST_AFTER_MS) {
        options.blockFor(ms);
        return;
      }
      tell('rests', true);
      options.blockFor(ms);
      const asked = monotonic();
      options.blockUntilGo(() => tell('wakes', true));
      keptMs += monotonic() - asked;
    },
    go: () => going?.resolve(),
    get keptMs() {
      return keptMs;
    },
  };
}
