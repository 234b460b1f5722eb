import type { GuestEnd } from '../../contracts/engine.ts';
import { defined } from '../../vocabulary/defined.ts';
import type { GuestValue } from '../../vocabulary/guest-value.ts';
import { toCallArgs } from './call-values.ts';
import type { ModuleData } from './module-data.ts';
import { formatSignature, type Signature } from './signature.ts';

/** What a run calls. */
export type Entry =
  | { readonly kind: 'command'; readonly signature: Signature; readonly args: readonly [] }
  | { readonly kind: 'call'; readonly signature: Signature; readonly args: readonly (number | bigint)[] };

export type Choice =
  | { readonly ok: true; readonly entry: Entry }
  | { readonly ok: false; readonly end: GuestEnd };

export const START = '_start';
export const INITIALIZE = '_initialize';

/** Exports named in a message, and in its details: a module may have a million. */
const NAMED = 12;
const DETAILED = 200;

/** Chooses the exported function that the request means, and converts its arguments. */
export function chooseEntry(
  { name, functions }: ModuleData,
  invoke: string | undefined,
  given: readonly GuestValue[],
): Choice {
  const wanted = functions.find((candidate) => candidate.name === (invoke ?? START));
  if (wanted === undefined) {
    const reason =
      invoke === undefined
        ? `Cannot run "${name}": it has no ${START}, name the function to invoke; it exports ${list(functions)}`
        : `Cannot call "${invoke}": "${name}" does not export it; it exports ${list(functions)}`;
    return invalid(reason, { exports: functions.slice(0, DETAILED).map(formatSignature) });
  }
  if (wanted.name === START) {
    return wanted.params.length + wanted.results.length + given.length === 0
      ? { ok: true, entry: { kind: 'command', signature: wanted, args: [] } }
      : invalid(`Cannot run "${name}": ${START} takes and answers nothing, arguments go into argv`);
  }
  const converted = toCallArgs(wanted, given);
  return converted.ok
    ? { ok: true, entry: { kind: 'call', signature: wanted, args: converted.args } }
    : invalid(converted.message, { signature: formatSignature(wanted) });
}

function list(functions: readonly Signature[]): string {
  if (functions.length === 0) return 'no functions';
  const named = functions.slice(0, NAMED).map(formatSignature).join(', ');
  return functions.length > NAMED ? `${named} and ${functions.length - NAMED} more` : named;
}

const invalid = (message: string, details?: { readonly [key: string]: unknown }): Choice => ({
  ok: false,
  end: { kind: 'invalid', code: 'INPUT_INVALID', message, ...defined({ details }) },
});
