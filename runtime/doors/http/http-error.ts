import { defined } from '../../vocabulary/defined.ts';
import {
  ERROR_CODES,
  type ErrorCode,
  type ErrorDetails,
  type RunError,
  SandglassError,
} from '../../vocabulary/errors.ts';
import type { OutcomeJson } from '../../vocabulary/outcome-json.ts';

/** Body of every answer that is not an outcome. */
export interface HttpErrorBody {
  readonly ok: false;
  readonly error: RunError & {
    readonly runId?: string;
    /** Name of the tool that was called. */
    readonly tool?: string;
    /** ISO 8601. */
    readonly time: string;
  };
}

/** An error with a status of its own, where the code's status does not fit. */
export class HttpError extends SandglassError {
  readonly status: number;
  /** Sent beside it. */
  headers: Readonly<Record<string, string>> = {};

  constructor(
    status: number,
    message: string,
    hint?: string,
    code: ErrorCode = 'INPUT_INVALID',
    details?: ErrorDetails,
  ) {
    super(code, message, defined({ hint, details }));
    this.status = status;
  }
}

/** What HTTP asks to send beside a status. */
const HEADERS: { readonly [code in ErrorCode]?: Readonly<Record<string, string>> } = {
  UNAUTHENTICATED: { 'WWW-Authenticate': 'Bearer' },
  QUEUE_FULL: { 'Retry-After': '1' },
};

export function errorResponse(
  error: RunError,
  facts: {
    readonly time: number;
    readonly runId?: string;
    readonly tool?: string;
    readonly status?: number;
    readonly headers?: Readonly<Record<string, string>>;
  },
): Response {
  const body: HttpErrorBody = {
    ok: false,
    error: {
      code: error.code,
      message: error.message,
      ...defined({ details: error.details, hint: error.hint }),
      retryable: error.retryable,
      ...defined({ runId: facts.runId, tool: facts.tool }),
      time: new Date(facts.time).toISOString(),
    },
  };
  return Response.json(body, {
    status: facts.status ?? ERROR_CODES[error.code].httpStatus,
    headers: { ...HEADERS[error.code], ...retryAfter(error), ...facts.headers },
  });
}

/** When to come back, where the error knows it; in whole seconds, RFC 9110. */
function retryAfter({ details }: RunError): Readonly<Record<string, string>> {
  const ms = details?.retryAfterMs;
  return typeof ms === 'number' ? { 'Retry-After': String(Math.ceil(ms / 1000)) } : {};
}

/** Status of a run that ended: 200 once the guest had begun, the code's own before that, and 500 for a fault of ours. */
export function statusOf(outcome: OutcomeJson): number {
  if (outcome.error === undefined) return 200;
  const { code } = outcome.error;
  return hasBegun(outcome, code) && code !== 'INTERNAL' ? 200 : ERROR_CODES[code].httpStatus;
}

function hasBegun({ meta, usage }: OutcomeJson, code: ErrorCode): boolean {
  if (meta.engine === null || code === 'QUEUE_FULL') return false;
  // Codes of these groups mean that the request does not fit the guest or the policy, unless a host call was refused in the run.
  const { group } = ERROR_CODES[code];
  return (group !== 'caller' && group !== 'policy') || Object.keys(usage.hostCalls).length > 0;
}
