import type { GuestEnd, GuestHost } from '../../contracts/engine.ts';
import { HELD_THREAD } from '../../wasm/held-thread.ts';
import type { Meter } from '../../wasm/meter.ts';
import { Ended } from './ended.ts';
import { type Machine, MachineFull } from './machine.ts';

/** The host's word on whether a guest may go on; the first one counts. */
export interface GuestHalt {
  /** What the program gave to `process.exit`. */
  readonly exitCode: number | undefined;
  exit(code: number): void;
  /** The guest goes on asking for memory that it cannot have. */
  thrash(): void;
  /** Why it may not go on. */
  reason(): GuestEnd | undefined;
  /** @throws {Ended} when it may not go on. */
  check(): void;
  /** What ended a guest whose instance threw this. */
  ended(error: unknown): Ended;
}

/** @param keeps The guest is kept: `process.exit` ends its program alone. */
export function createGuestHalt(
  meter: Meter,
  host: GuestHost,
  keeps: boolean,
  machine: () => Machine,
): GuestHalt {
  let thrashing = false;
  let exited: number | undefined;
  const reason = (): GuestEnd | undefined => {
    if (exited !== undefined && !keeps) return { kind: 'exit', exitCode: exited };
    if (thrashing) return { kind: 'limit', limit: 'memory' };
    let { state } = meter;
    if (state === 'running') {
      const stop = host.stopReason();
      if (stop === undefined) return undefined;
      meter.stop(stop);
      ({ state } = meter);
    }
    switch (state) {
      case 'running':
        return undefined;
      case 'exhausted':
        return { kind: 'limit', limit: 'fuel' };
      case 'stopped':
        if (meter.held) return HELD_THREAD;
        return { kind: 'limit', limit: meter.stopReason ?? 'cancelled' };
    }
  };
  const crashEnd = (error: unknown): GuestEnd => {
    const end = reason();
    if (end !== undefined) return end;
    meter.trapped();
    if (error instanceof MachineFull) return { kind: 'limit', limit: 'memory' };
    // The host's own stack ran full inside the instance: RangeError in V8 and JavaScriptCore, InternalError in SpiderMonkey.
    if (error instanceof RangeError || (error instanceof Error && error.name === 'InternalError')) {
      return { kind: 'limit', limit: 'stack' };
    }
    if (!(error instanceof WebAssembly.RuntimeError)) throw error;
    if (machine().growthRefused()) return { kind: 'limit', limit: 'memory' };
    return { kind: 'trapped', message: machine().aborted() ?? error.message };
  };
  return {
    get exitCode() {
      return exited;
    },
    exit: (code) => {
      exited ??= code;
      if (!keeps) meter.stop('cancelled'); // only to end the guest: what ended it is the line above
    },
    thrash: () => {
      thrashing = meter.state === 'running';
      meter.stop('cancelled'); // only to end the guest: what ended it is the line above
    },
    reason,
    check: () => {
      const end = reason();
      if (end !== undefined) throw new Ended(end);
    },
    ended: (error) => (error instanceof Ended ? error : new Ended(crashEnd(error))),
  };
}
