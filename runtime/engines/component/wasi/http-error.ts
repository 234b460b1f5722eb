import type { HostAnswer } from '../../../contracts/engine.ts';

/** The cases of `wasi:http/types.error-code` that we answer with. */
export type HttpErrorCode =
  | {
      readonly tag:
        | 'HTTP-request-denied'
        | 'HTTP-request-URI-invalid'
        | 'HTTP-protocol-error'
        | 'HTTP-response-timeout'
        | 'destination-not-found'
        | 'connection-refused'
        | 'connection-limit-reached'
        | 'TLS-protocol-error'
        | 'loop-detected';
    }
  | { readonly tag: 'HTTP-request-body-size' | 'HTTP-response-body-size'; readonly val: undefined }
  | { readonly tag: 'internal-error'; readonly val: string };

const BY_REASON: ReadonlyMap<unknown, HttpErrorCode> = new Map<unknown, HttpErrorCode>([
  ['connect', { tag: 'connection-refused' }],
  ['dns', { tag: 'destination-not-found' }],
  ['tls', { tag: 'TLS-protocol-error' }],
  ['timeout', { tag: 'HTTP-response-timeout' }],
  ['too-large', { tag: 'HTTP-response-body-size', val: undefined }],
  ['redirect', { tag: 'loop-detected' }],
  ['protocol', { tag: 'HTTP-protocol-error' }],
]);

/** The WASI error for a refusal of the gate. */
export function httpErrorCode(answer: HostAnswer & { ok: false }): HttpErrorCode {
  const { code, message, details } = answer.refusal;
  if (code === 'CAPABILITY_DENIED') return { tag: 'HTTP-request-denied' };
  if (code === 'HOST_CALLS_EXCEEDED') return { tag: 'connection-limit-reached' };
  return BY_REASON.get(details?.reason) ?? { tag: 'internal-error', val: message };
}
