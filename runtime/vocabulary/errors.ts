import { defined } from './defined.ts';
import { unknownName } from './nearest.ts';

/** The groups of the outcome table; each group has one exit code of the CLI. */
export type ErrorGroup = 'caller' | 'policy' | 'limits' | 'guest' | 'host';

interface CodeEntry {
  readonly group: ErrorGroup;
  /** Status of a request that never became a run. A run that started answers 200. */
  readonly httpStatus: number;
  /** Whether the same call may succeed later without a change. */
  readonly retryable: boolean;
}

const entry = (group: ErrorGroup, httpStatus: number, retryable = false): CodeEntry =>
  Object.freeze({ group, httpStatus, retryable });

/**
 * Every code that an outcome can carry, with its group, HTTP status and retry advice.
 * Codes come from the host's own state, never from anything a guest made.
 */
export const ERROR_CODES = Object.freeze({
  INPUT_INVALID: entry('caller', 400),
  MANIFEST_INVALID: entry('caller', 400),
  MODULE_INVALID: entry('caller', 400),
  TOOL_NOT_FOUND: entry('caller', 404),
  UNSUPPORTED: entry('caller', 400),
  UNAUTHENTICATED: entry('policy', 401),
  CAPABILITY_DENIED: entry('policy', 403),
  CONFIRMATION_REQUIRED: entry('policy', 403),
  RATE_LIMITED: entry('policy', 429, true),
  FUEL_EXHAUSTED: entry('limits', 200),
  DEADLINE_EXCEEDED: entry('limits', 200, true),
  MEMORY_EXCEEDED: entry('limits', 200),
  STACK_EXCEEDED: entry('limits', 200),
  OUTPUT_EXCEEDED: entry('limits', 200),
  HOST_CALLS_EXCEEDED: entry('limits', 200),
  GUEST_THREW: entry('guest', 200),
  GUEST_TRAPPED: entry('guest', 200),
  OUTPUT_INVALID: entry('guest', 200),
  HOST_CALL_FAILED: entry('host', 200, true),
  QUEUE_FULL: entry('host', 503, true),
  CANCELLED: entry('host', 200),
  INTERNAL: entry('host', 500),
} as const);

export type ErrorCode = keyof typeof ERROR_CODES;

const EXIT_CODES: Readonly<Record<ErrorGroup, number>> = Object.freeze({
  guest: 1,
  caller: 2,
  policy: 3,
  limits: 4,
  host: 5,
});

/** The process exit code for an outcome's error code. @throws {TypeError} for what is no code. */
export function exitCodeOf(code: ErrorCode): number {
  if (Object.hasOwn(ERROR_CODES, code)) return EXIT_CODES[ERROR_CODES[code].group];
  throw unknownName('tell an exit code: unknown code', String(code), Object.keys(ERROR_CODES));
}

/** Structured facts about an error; plain JSON, safe to show to a guest or a caller. */
export type ErrorDetails = { readonly [key: string]: unknown };

/** The `error` of an outcome; plain JSON. */
export interface RunError {
  readonly code: ErrorCode;
  /** Action, reason, value; no full stop. */
  readonly message: string;
  readonly details?: ErrorDetails;
  /** What to grant, install or change. Never "run with more privileges". */
  readonly hint?: string;
  readonly retryable: boolean;
}

export interface ErrorOptions {
  readonly details?: ErrorDetails;
  /** Facts that no guest may see, such as a host path: the outcome has them among its details, and they win over those of the same name. */
  readonly hostDetails?: ErrorDetails;
  readonly hint?: string;
  readonly retryable?: boolean;
  readonly cause?: unknown;
}

/** The one error class for everything that becomes an outcome. Branch on `code`, never on text. */
export class SandglassError extends Error {
  override readonly name = 'SandglassError';
  readonly code: ErrorCode;
  readonly details: ErrorDetails | undefined;
  /** For whoever asked for the run, not for its guest. */
  readonly hostDetails: ErrorDetails | undefined;
  readonly hint: string | undefined;
  readonly retryable: boolean;

  constructor(code: ErrorCode, message: string, options: ErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.details = options.details;
    this.hostDetails = options.hostDetails;
    this.hint = options.hint;
    this.retryable = options.retryable ?? ERROR_CODES[code].retryable;
  }

  /** What an outcome says of it. A guest is told less: see `hostDetails`. */
  toJSON(): RunError {
    const details = this.hostDetails === undefined ? this.details : { ...this.details, ...this.hostDetails };
    return {
      code: this.code,
      message: this.message,
      ...defined({ details, hint: this.hint }),
      retryable: this.retryable,
    };
  }

  override toString(): string {
    return this.message;
  }
}
