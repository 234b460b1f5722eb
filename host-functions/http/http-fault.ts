import { defined } from '../../runtime/vocabulary/defined.ts';
import { SandglassError } from '../../runtime/vocabulary/errors.ts';

/** What `details.reason` of a failed request can be. */
export type HttpReason =
  | 'connect'
  | 'dns'
  | 'tls'
  | 'timeout'
  | 'too-large'
  | 'redirect'
  | 'aborted'
  | 'bad-handle'
  | 'invalid'
  | 'protocol';

const TEXT: Readonly<Record<HttpReason, string>> = Object.freeze({
  connect: 'the server could not be reached or ended the connection',
  dns: 'the name was not found',
  tls: 'no trusted, encrypted connection to the server',
  timeout: 'the server took too long',
  'too-large': 'too large',
  redirect: 'the redirect cannot be followed',
  aborted: 'it was given up',
  'bad-handle': 'no such handle',
  invalid: 'not a valid request',
  protocol: 'the server does not speak HTTP as it should',
});

/** What helps, where the request itself does not have to change. */
const HINTS: { readonly [reason in HttpReason]?: string } = Object.freeze({
  connect: 'See that the server is up and that this machine reaches it; the same request may work later',
  dns: 'See that the name is right; the same request may work later',
  tls: 'The server needs a certificate for this name from an authority that this machine trusts',
  timeout: 'The same request may work later, or with a larger timeoutMs',
});

const RETRYABLE: ReadonlySet<HttpReason> = new Set<HttpReason>(['connect', 'dns', 'timeout']);

/** Why a request failed. `why` is text of ours, never of a server or the operating system. */
export class HttpFault extends Error {
  override readonly name = 'HttpFault';
  readonly reason: HttpReason;
  readonly hint: string | undefined;

  constructor(reason: HttpReason, why?: string, hint?: string) {
    super(why ?? TEXT[reason]);
    this.reason = reason;
    this.hint = hint ?? HINTS[reason];
  }
}

export const toHttpError = ({ reason, message, hint }: HttpFault, what: string): SandglassError =>
  new SandglassError('HOST_CALL_FAILED', `Cannot ${what}: ${message}`, {
    details: { reason },
    retryable: RETRYABLE.has(reason),
    ...defined({ hint }),
  });

const BY_CODE: readonly (readonly [RegExp, HttpReason])[] = [
  [/^UND_ERR_(CONNECT|HEADERS|BODY)_TIMEOUT$|^ETIMEDOUT$/, 'timeout'],
  [/^UND_ERR_HEADERS_OVERFLOW$|^HPE_HEADER_OVERFLOW$|^UND_ERR_RES_EXCEEDED_MAX_SIZE$/, 'too-large'],
  [/^(ENOTFOUND|EAI_\w+|ENODATA|ESERVFAIL)$/, 'dns'],
  [
    /^(ERR_TLS|ERR_SSL|CERT_|UNABLE_TO_|DEPTH_ZERO|SELF_SIGNED|HOSTNAME_|EPROTO|INVALID_CA|INVALID_PURPOSE)/,
    'tls',
  ],
  [/^(ECONN|EHOST|ENET|EADDR|EPIPE|EACCES|EPERM|EINVAL|UND_ERR_SOCKET)/, 'connect'],
  [/^(UND_ERR_ABORTED|ABORT_ERR|UND_ERR_DESTROYED|UND_ERR_CLOSED)$/, 'aborted'],
  [/^(HPE_|UND_ERR_RES|UND_ERR_INFO|UND_ERR_NOT_SUPPORTED|ERR_STREAM_PREMATURE_CLOSE)/, 'protocol'],
];

/**
 * Names the reason of a failure below us; its text, which may name addresses, stays on the host. What is not a failure of a connection is a
 * bug of ours and comes back as it is.
 */
export function toFault(error: unknown): unknown {
  if (error instanceof HttpFault || error instanceof SandglassError) return error;
  const code = codeOf(error);
  const found = BY_CODE.find(([pattern]) => pattern.test(code));
  return found === undefined ? error : new HttpFault(found[1]);
}

/** undici's parser errors may come without a code. */
const codeOf = (error: unknown): string => {
  if (!(error instanceof Error)) return '';
  if ('code' in error && typeof error.code === 'string') return error.code;
  return error.name === 'HTTPParserError' ? 'HPE_' : '';
};
