import type { GuestEnd } from '../../contracts/engine.ts';
import { HELD_THREAD } from '../../wasm/held-thread.ts';
import type { Meter } from '../../wasm/meter.ts';
import { fromCallResult } from './call-values.ts';
import type { Entry } from './choose-entry.ts';
import { isStackOverflow } from './guarded.ts';
import type { RunControl } from './run-control.ts';

/** What became of the call into the guest. */
export type CallOutcome =
  | { readonly kind: 'returned'; readonly value: unknown }
  | { readonly kind: 'threw'; readonly thrown: unknown };

/**
 * Tells how a run ended: from the meter first, then from what our own imports noted; what came out of the guest is looked at last, and only by its
 * class.
 * @throws what one of our imports failed with: a bug of ours.
 */
export function classify(outcome: CallOutcome, entry: Entry, control: RunControl, meter: Meter): GuestEnd {
  if (meter.state === 'exhausted') return { kind: 'limit', limit: 'fuel' };
  if (meter.held) return HELD_THREAD;
  const bug = control.bug ?? meter.failure;
  if (bug !== undefined) throw bug;
  if (control.exitCode !== undefined) return { kind: 'exit', exitCode: control.exitCode };
  if (control.stopReason !== undefined) return { kind: 'limit', limit: control.stopReason };
  if (control.end !== undefined) return control.end;
  if (control.abort !== undefined) {
    const { message, file, line, column } = control.abort;
    return { kind: 'threw', error: { name: 'abort', message, file, line, column } };
  }
  if (meter.state === 'stopped') return { kind: 'limit', limit: meter.stopReason ?? 'deadline' };
  if (outcome.kind === 'returned') {
    return entry.kind === 'command'
      ? { kind: 'exit', exitCode: 0 }
      : { kind: 'value', value: fromCallResult(entry.signature, outcome.value) };
  }
  meter.trapped(); // what it burnt since its last call was not counted
  return classifyThrown(outcome.thrown);
}

/** What wasm itself throws: our imports note all that they throw in the run control. */
export function classifyThrown(thrown: unknown): GuestEnd {
  if (isStackOverflow(thrown)) return { kind: 'limit', limit: 'stack' };
  if (thrown instanceof WebAssembly.RuntimeError) return { kind: 'trapped', message: thrown.message };
  if (thrown instanceof WebAssembly.Exception) {
    return {
      kind: 'threw',
      error: { name: 'Exception', message: 'an exception of the module was not caught' },
    };
  }
  if (thrown instanceof Error && thrown.name === 'SuspendError') {
    return { kind: 'trapped', message: 'the module sleeps where it cannot be suspended' };
  }
  throw thrown;
}
