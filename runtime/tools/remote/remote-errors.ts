import { defined } from '../../vocabulary/defined.ts';
import { SandglassError } from '../../vocabulary/errors.ts';

export interface Failure {
  readonly reason: string;
  /** What happened; no secret. */
  readonly told: string;
  readonly hint?: string;
  readonly retryable: boolean;
}

/** A server that could not be reached, or did not do as it should. */
export const unreachable = (
  what: string,
  server: string,
  { reason, told, hint, retryable }: Failure,
): SandglassError =>
  new SandglassError('HOST_CALL_FAILED', `Cannot ${what} the server ${server}: ${told}`, {
    details: { server, reason },
    retryable,
    ...defined({
      hint: hint ?? (retryable ? 'See that the server is up; the same call may work later' : undefined),
    }),
  });

/** What a tool itself told as its error. */
export const failedCall = (tool: string, text: string, structured: unknown): SandglassError =>
  new SandglassError(
    'GUEST_THREW',
    `${tool.slice(0, 64)} failed: ${text.slice(0, 4_096) || 'it says no more'}`,
    {
      ...(structured === undefined || JSON.stringify(structured).length > 16_384
        ? {}
        : { details: { answer: structured } }),
    },
  );

export const noSecret = (server: string, name: string): SandglassError =>
  new SandglassError(
    'HOST_CALL_FAILED',
    `Cannot connect to the server ${server}: there is no secret "${name}"`,
    {
      details: { server, reason: 'secret', secret: name },
      hint: 'Give the runtime a secret of this name; one for env is a bearer token or a header',
      retryable: false,
    },
  );
