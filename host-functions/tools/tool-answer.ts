import type { ToolOutcome } from '../../runtime/contracts/api/tool-call.ts';
import type { HostReply } from '../../runtime/contracts/host-function.ts';
import { defined } from '../../runtime/vocabulary/defined.ts';
import { type ErrorDetails, SandglassError } from '../../runtime/vocabulary/errors.ts';
import type { GuestValue } from '../../runtime/vocabulary/guest-value.ts';
import type { JsonValue } from '../../runtime/vocabulary/json.ts';
import { toJsonForm } from '../../runtime/vocabulary/json-form.ts';
import { utf8Length } from '../../runtime/vocabulary/utf8-length.ts';

/**
 * Details of a failed call that the calling guest is told: what it asked and may change. The others may hold paths of the host or source of
 * the tool.
 */
const TOLD: readonly string[] = [
  'capability',
  'requested',
  'missing',
  'limit',
  'reason',
  'tool',
  'errors',
  'nearest',
  'retryAfterMs',
];

/** The error that a guest is given for a call that failed: its code, message and hint. The embedder sees all of it in the outcome. */
export function failureOf({ error }: Extract<ToolOutcome, { readonly ok: false }>): SandglassError {
  const { code, message, details, hint, retryable } = error;
  return new SandglassError(code, message, {
    ...(details === undefined ? {} : { details: toldOf(details), hostDetails: details }),
    ...defined({ hint }),
    retryable,
  });
}

const toldOf = (details: ErrorDetails): ErrorDetails =>
  Object.fromEntries(Object.entries(details).filter(([name]) => TOLD.includes(name)));

/** What a call answered, as JSON. @throws {SandglassError} HOST_CALL_FAILED over so many bytes. */
export const answerReply = (tool: string, value: GuestValue, maxBytes: number): HostReply => ({
  value: { value: withinSize(tool, toJsonForm(value) ?? null, maxBytes) },
});

/** @throws {SandglassError} HOST_CALL_FAILED when its JSON has more bytes than one answer may have. */
export function withinSize(tool: string, value: JsonValue, maxBytes: number): JsonValue {
  if (utf8Length(JSON.stringify(value)) <= maxBytes) return value;
  throw new SandglassError('HOST_CALL_FAILED', `Cannot answer ${tool}: over ${maxBytes} bytes`, {
    details: { reason: 'too-large', tool, limit: maxBytes },
    hint: 'Ask for less at once, or raise limits.hostCallBytes',
    retryable: false,
  });
}
