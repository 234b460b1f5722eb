import type { GuestEnd } from '../../contracts/engine.ts';
import { defined } from '../../vocabulary/defined.ts';
import type { GuestValue } from '../../vocabulary/guest-value.ts';
import { HELD_THREAD } from '../../wasm/held-thread.ts';
import type { Meter } from '../../wasm/meter.ts';
import type { Call } from './choose-call.ts';
import type { ComponentRun } from './component-run.ts';
import type { KeptResources } from './resources.ts';
import type { WitType } from './types/wit-type.ts';
import { toJson } from './values/to-json.ts';

/** How the call into the guest came back to us. */
export type CallOutcome =
  | { readonly kind: 'returned'; readonly value: unknown }
  | { readonly kind: 'threw'; readonly thrown: unknown };

export interface Ended {
  readonly outcome: CallOutcome;
  readonly call: Call;
  readonly run: ComponentRun;
  readonly meter: Meter;
  /** All memories together went over the cap. */
  readonly overgrown: boolean;
  /** Of a component that is kept. */
  readonly resources?: KeptResources | undefined;
}

/**
 * How a guest ended, from the host's own state first: what an import decided, then the meter, then what the call threw. A guest can
 * catch and hide what is thrown, never those two.
 */
export function classify({ outcome, call, run, meter, overgrown, resources }: Ended): GuestEnd {
  if (overgrown) return { kind: 'limit', limit: 'memory' };
  const decided = run.ending();
  if (decided !== undefined) return decided;
  if (meter.state === 'exhausted') return { kind: 'limit', limit: 'fuel' };
  if (meter.held) return HELD_THREAD;
  if (meter.state === 'stopped') return { kind: 'limit', limit: meter.stopReason ?? 'cancelled' };
  if (outcome.kind === 'returned') return returned(outcome.value, call, resources);
  const { thrown } = outcome;
  // The glue throws a declared error bare: whatever is an Error was thrown by the machine, the glue or an import.
  if (!(thrown instanceof Error)) return declared(thrown, call, resources);
  const stopped = run.host.stopReason();
  if (stopped !== undefined) return { kind: 'limit', limit: stopped };
  if (isStackOverflow(thrown)) return { kind: 'limit', limit: 'stack' };
  if (meter.growthRefused) return { kind: 'limit', limit: 'memory', message: trapMessage(thrown) };
  return { kind: 'trapped', message: trapMessage(thrown) };
}

function returned(
  value: unknown,
  { exported, answer }: Call,
  resources: KeptResources | undefined,
): GuestEnd {
  if (answer === 'command') return { kind: 'exit', exitCode: 0 };
  if (answer === 'tool') return { kind: 'value', value: String(value) }; // as text: see `withToolAnswer`
  const { result } = exported.type;
  if (result === undefined) return { kind: 'value', value: undefined };
  // The glue unwraps a result at the top of a function: what is returned is its ok payload.
  if (result.kind !== 'result') return { kind: 'value', value: toJson(value, result, resources) };
  return { kind: 'value', value: result.ok === undefined ? undefined : toJson(value, result.ok, resources) };
}

function declared(
  payload: unknown,
  { exported, answer }: Call,
  resources: KeptResources | undefined,
): GuestEnd {
  if (answer === 'command') return { kind: 'exit', exitCode: 1 };
  const { result } = exported.type;
  const type = result?.kind === 'result' ? result.err : undefined;
  const value = type === undefined ? null : toJson(payload, type, resources);
  const refusalId = type === undefined ? undefined : refusalOf(value, type);
  return {
    kind: 'threw',
    error: { name: 'err', message: messageOf(value) },
    payload: value,
    ...defined({ refusalId }),
  };
}

/** The number that a `host-error` carries back; the gate looks it up among the refusals that it gave. */
function refusalOf(value: GuestValue, type: WitType): number | undefined {
  if (type.kind !== 'record' || !type.fields.some(({ name }) => name === 'refusal')) return undefined;
  const id = fieldOf(value, 'refusal');
  return typeof id === 'number' && id > 0 ? id : undefined;
}

function messageOf(value: GuestValue): string {
  if (typeof value === 'string') return value;
  const message = fieldOf(value, 'message');
  if (typeof message === 'string') return message;
  if (value === null || value === undefined) return 'The function answered an error';
  return JSON.stringify(value, (_, part: unknown) => (typeof part === 'bigint' ? part.toString() : part));
}

const fieldOf = (value: GuestValue, name: string): unknown =>
  typeof value === 'object' && value !== null
    ? Object.getOwnPropertyDescriptor(value, name)?.value
    : undefined;

/** The machine's own error: no guest can make a RangeError, and the glue's have other texts. */
const isStackOverflow = (error: Error): boolean =>
  error instanceof RangeError && /call stack|recursion/i.test(error.message);

const MAX_MESSAGE = 200;

const trapMessage = (error: Error): string => error.message.replace(/^wasm trap: /, '').slice(0, MAX_MESSAGE);
