import type { StartedRun } from '../../runtime/contracts/operations/run.ts';
import { toBase64 } from '../../runtime/vocabulary/base64.ts';
import { defined } from '../../runtime/vocabulary/defined.ts';
import { SandglassError } from '../../runtime/vocabulary/errors.ts';
import type { JsonValue } from '../../runtime/vocabulary/json.ts';
import { toJsonForm } from '../../runtime/vocabulary/json-form.ts';
import type { Outcome } from '../../runtime/vocabulary/outcome.ts';

/** Characters of each stream that the error of a failed run shows: its end, where the reason is. */
const MOST_SHOWN = 4_000;

/** Details of a failed run that the guest which started it is told. The others may hold paths of the host. */
const TOLD = ['capability', 'requested', 'missing', 'limit', 'reason', 'exitCode', 'line', 'retryAfterMs'];

/** @throws {SandglassError} HOST_CALL_FAILED when its JSON has more bytes than one answer may have. */
export function startedRun(outcome: Extract<Outcome, { readonly ok: true }>): StartedRun {
  const { value, stdout, stderr, files = {}, usage, meta } = outcome;
  return {
    runId: meta.runId,
    value: value === undefined ? null : (toJsonForm(value) ?? null),
    stdout,
    stderr,
    files: Object.fromEntries(Object.entries(files).map(([path, bytes]) => [path, fileOf(bytes)])),
    usage: { fuel: usage.fuel, durationMs: usage.durationMs, memoryBytes: usage.memoryBytes },
  };
}

/** Text where it is text. */
function fileOf(bytes: Uint8Array): JsonValue {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return { base64: toBase64(bytes) };
  }
}

/** The error that a guest is given for a run that failed, with what was printed until then. The embedder sees all of it in the audit. */
export function failureOf({
  error: { code, message, details = {}, hint, retryable },
  stdout,
  stderr,
}: Extract<Outcome, { readonly ok: false }>): SandglassError {
  const told = Object.fromEntries(Object.entries(details).filter(([name]) => TOLD.includes(name)));
  return new SandglassError(code, message, {
    details: {
      ...told,
      ...(stdout === '' ? {} : { stdout: stdout.slice(-MOST_SHOWN) }),
      ...(stderr === '' ? {} : { stderr: stderr.slice(-MOST_SHOWN) }),
    },
    ...defined({ hint }),
    retryable,
  });
}
