import type { GuestHost, HostAnswer } from '../../contracts/engine.ts';
import { freeArrived } from '../../vocabulary/bytes.ts';
import type { JsonValue } from '../../vocabulary/json.ts';
import { toJsonForm } from '../../vocabulary/json-form.ts';
import { toWasmValue } from './call-values.ts';
import type { ForeignImport } from './check-foreign.ts';
import { isStackOverflow } from './guarded.ts';
import type { GuestMemory } from './guest-memory.ts';
import { type Import, suspending } from './jspi.ts';
import { LeaveGuest, type RunControl } from './run-control.ts';
import type { ImportTarget, Preview1Options } from './run-options.ts';
import { clip } from './signature.ts';

const SHOWN_NAME = 120;

export interface ForeignContext {
  readonly host: GuestHost;
  readonly memory: GuestMemory;
  readonly control: RunControl;
  /** Bills a call and the bytes that it moves. */
  readonly charge: (bytes: number) => void;
  readonly options: Preview1Options;
  /** A call may suspend the guest's stack (JSPI) instead of the thread. */
  readonly suspends: boolean;
}

/** The functions for the imports that are not of WASI, each a call of a host function of the embedder, or a trap. */
export function foreignFunctions(
  foreign: readonly ForeignImport[],
  context: ForeignContext,
): readonly (readonly [entry: ForeignImport, run: Import])[] {
  const { imports = {} } = context.options;
  return foreign.map((entry) => {
    const target = Object.hasOwn(imports, entry.name) ? imports[entry.name] : undefined;
    return [entry, target === undefined ? trap(entry, context) : hostCall(entry, target, context)];
  });
}

const trap =
  ({ name }: ForeignImport, { control }: ForeignContext): Import =>
  () =>
    control.ended({ kind: 'trapped', message: `it called ${clip(name, SHOWN_NAME)}, which nobody gives it` });

function hostCall(entry: ForeignImport, target: ImportTarget, context: ForeignContext): Import {
  const { host, control, suspends, charge } = context;
  const safely = <T>(step: () => T): T => {
    try {
      return step();
    } catch (error) {
      if (error instanceof LeaveGuest || isStackOverflow(error)) throw error;
      return control.failed(error);
    }
  };
  const ask = (raw: readonly unknown[]): Parameters<GuestHost['callSync']> => {
    control.check();
    const values = entry.params.map((_, place) => jsonOf(raw[place]));
    const bytes = target.bytes === undefined ? undefined : part(raw, target.bytes, entry, context).slice();
    charge(bytes?.byteLength ?? 0);
    return [target.operation, { args: values }, bytes];
  };
  const take = (raw: readonly unknown[], answer: HostAnswer): unknown => {
    const result = resultOf(entry, target, raw, answer, context);
    control.check();
    return result;
  };
  if (!suspends) return (...raw: readonly unknown[]) => safely(() => take(raw, host.callSync(...ask(raw))));
  return suspending(async (...raw) => {
    const asked = safely(() => ask(raw));
    const answer = await host.rest(host.call(...asked));
    return safely(() => take(raw, answer));
  });
}

const jsonOf = (value: unknown): JsonValue =>
  typeof value === 'bigint' ? value.toString() : (toJsonForm(value as number) ?? null); // wasm passes numbers by the type of the import

/** The part of the guest's memory that a pointer and a length of the call name; a wrong one ends the guest as its own access would. */
function part(
  raw: readonly unknown[],
  [pointer, length]: readonly [number, number],
  { name }: ForeignImport,
  { memory, control }: ForeignContext,
): Uint8Array<ArrayBuffer> {
  const at = Number(raw[pointer]) >>> 0;
  const size = Number(raw[length]) >>> 0;
  if (!memory.holds(at, size))
    return control.ended({
      kind: 'trapped',
      message: `it called ${clip(name, SHOWN_NAME)} with ${size} bytes at ${at}, which are not inside its memory`,
    });
  return memory.bytes.subarray(at, at + size);
}

function resultOf(
  entry: ForeignImport,
  target: ImportTarget,
  raw: readonly unknown[],
  answer: HostAnswer,
  context: ForeignContext,
): number | bigint | undefined {
  const { control } = context;
  if (!answer.ok) {
    const { id, message } = answer.refusal;
    return control.ended({ kind: 'threw', error: { name: 'HostError', message }, refusalId: id });
  }
  const given = answer.bytes;
  if (given !== undefined && target.into !== undefined) {
    context.charge(given.byteLength);
    const room = part(raw, target.into, entry, context);
    if (given.byteLength > room.byteLength)
      return control.ended(
        wrong(entry, target, `${given.byteLength} bytes, and there is room for ${room.byteLength}`),
      );
    room.set(given);
  }
  const size = given?.byteLength;
  freeArrived(answer);
  const [type] = entry.results;
  if (type === undefined) return undefined;
  const value = answer.value ?? size ?? 0;
  const result = typeof value === 'boolean' ? Number(value) : toWasmValue(type, value);
  return (
    result ?? control.ended(wrong(entry, target, `${JSON.stringify(value).slice(0, 60)}, not an ${type}`))
  );
}

const wrong = ({ name }: ForeignImport, { operation }: ImportTarget, what: string) =>
  ({
    kind: 'trapped',
    message: `${operation} answered ${clip(name, SHOWN_NAME)} with ${what}`,
  }) as const;
