import { checkField } from './check-fields.ts';
import { defined } from './defined.ts';
import type { RunError } from './errors.ts';
import type { GuestValue } from './guest-value.ts';
import { atOnce, type Slices } from './in-slices.ts';
import type { JsonObject, JsonValue } from './json.ts';
import { jsonFormSlices, toJsonForm } from './json-form.ts';
import type { Outcome, OutcomeMeta } from './outcome.ts';
import type { Usage } from './usage.ts';

/** An outcome as text doors show it; the same keys whatever the door. */
export interface OutcomeJson {
  readonly ok: boolean;
  /** JSON form of the value; absent where there is none, and when the run failed. */
  readonly value?: ReturnType<typeof toJsonForm>;
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode?: number;
  /** Path → `{ "$bytes": base64 }`. */
  readonly files?: Readonly<Record<string, JsonValue>>;
  readonly error?: RunError;
  readonly usage: Usage;
  readonly meta: OutcomeMeta;
}

/** Plain JSON of an outcome: bigints as decimal strings, bytes as `{ "$bytes": base64 }`. @throws {TypeError} for what is no outcome. */
export function outcomeToJson(outcome: Outcome): OutcomeJson {
  checkField(outcome, 'outcome', 'object!', WHERE);
  checkField(outcome.ok, 'outcome.ok', 'boolean!', WHERE);
  return atOnce(outcomeSlices(outcome));
}

const WHERE = 'write an outcome as JSON';

/** `outcomeToJson` in slices. */
export function* outcomeSlices(outcome: Outcome): Slices<OutcomeJson> {
  const value = outcome.ok ? yield* jsonFormSlices(outcome.value) : undefined;
  return {
    ok: outcome.ok,
    ...defined({ value }),
    stdout: outcome.stdout,
    stderr: outcome.stderr,
    ...defined({ exitCode: outcome.exitCode }),
    ...(outcome.files === undefined ? {} : { files: jsonFiles(outcome.files) }),
    ...(outcome.ok ? {} : { error: plainError(outcome.error) }),
    usage: outcome.usage,
    meta: outcome.meta,
  };
}

const jsonFiles = (files: NonNullable<Outcome['files']>): Readonly<Record<string, JsonValue>> =>
  toJsonForm(files) as Readonly<Record<string, JsonValue>>; // an object of bytes has the form of an object

const plainError = (error: RunError): RunError => ({
  code: error.code,
  message: error.message,
  // Details may carry what JSON cannot; they are facts for people and programs, so they take the form of values.
  ...(error.details === undefined ? {} : { details: jsonDetails(error.details) }),
  ...defined({ hint: error.hint }),
  retryable: error.retryable,
});

const jsonDetails = (details: NonNullable<RunError['details']>): JsonObject =>
  // Hosts fill details with JSON, bigints and bytes only: the same values that a guest's answer can have.
  (toJsonForm(details as { readonly [key: string]: GuestValue }) ?? {}) as JsonObject;
