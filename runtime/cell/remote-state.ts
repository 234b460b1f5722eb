import type { RemoteRun } from './remote-run.ts';

/** What the host knows of one cell; whatever drives it looks here. */
export interface RemoteState {
  /** By token. */
  readonly running: Map<number, RemoteRun>;
  /** See `RemoteCell.ready`. */
  readiness: PromiseWithResolvers<void>;
  /** Nothing stopped, crashed or lied in it. */
  sound: boolean;
  /** It is gone, or about to be. */
  ended: boolean;
  /** Its messages are read. What it says after it was broken off is of no use to anybody. */
  listening: boolean;
}

export const openRemoteState = (): RemoteState => ({
  running: new Map(),
  readiness: openReadiness(),
  sound: true,
  ended: false,
  listening: true,
});

export function openReadiness(): PromiseWithResolvers<void> {
  const made = Promise.withResolvers<void>();
  made.promise.catch(() => undefined); // whoever awaits `ready` sees it; an unused warm cell must not be an unhandled rejection
  return made;
}
