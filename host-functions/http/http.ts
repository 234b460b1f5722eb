import type { HostFunction, OperationInfo } from '../../runtime/contracts/host-function.ts';
import { defined } from '../../runtime/vocabulary/defined.ts';
import { wholeNumber } from '../../runtime/vocabulary/read-options.ts';
import type { Lookup } from './dialer.ts';
import { type HttpPart, parseHttpGrants } from './http-grant.ts';
import { askedResource } from './http-resource.ts';
import type { HttpOperation } from './http-service.ts';
import { narrowHttpGrants } from './narrow-http.ts';
import { shownEntries } from './shown-entries.ts';

export type { Lookup } from './dialer.ts';

export interface HttpHostFunctionOptions {
  /** Resolves host names. Its answers are checked like any other's. @default the system's resolver */
  readonly lookup?: Lookup;
  /** Name, TCP and TLS of one connection together, ms. @default 10_000 */
  readonly connectTimeoutMs?: number;
  /** From the end of a request to the head of its answer, ms. @default 30_000 */
  readonly headersTimeoutMs?: number;
  /** Between two pieces of an answer, ms. @default 30_000 */
  readonly bodyTimeoutMs?: number;
  /** Certificate authorities that are trusted instead of the system's, PEM. */
  readonly ca?: string;
}

const act: OperationInfo = Object.freeze({ capability: 'http', kind: 'act', resource: askedResource });
const goOn: OperationInfo = Object.freeze({ capability: 'http', kind: 'continue' });

const OPERATIONS: Readonly<Record<HttpOperation, OperationInfo>> = Object.freeze({
  'http.request': act,
  'http.begin': act,
  'http.write': goOn,
  'http.send': goOn,
  'http.read': goOn,
  'http.close': goOn,
});

/**
 * The host function `http`: requests to the origins of a grant, over connections of the host. Errors: CAPABILITY_DENIED for what no entry covers,
 * also after a redirect or a name server's answer; HOST_CALL_FAILED with `details.reason`; HOST_CALLS_EXCEEDED over an entry's `maxCalls`;
 * INPUT_INVALID for malformed arguments. It keeps no cookies, uses no proxy, and speaks HTTP/1.1.
 * @example createHttpHostFunction({ connectTimeoutMs: 2_000 })
 */
export function createHttpHostFunction(options: HttpHostFunctionOptions = {}): HostFunction<HttpPart> {
  const {
    connectTimeoutMs = 10_000,
    headersTimeoutMs = 30_000,
    bodyTimeoutMs = 30_000,
    lookup,
    ca,
  } = options;
  for (const [name, ms] of Object.entries({ connectTimeoutMs, headersTimeoutMs, bodyTimeoutMs })) {
    wholeNumber(ms, `make the http host function: ${name}`, { minimum: 1, unit: 'ms' });
  }
  const dialer = {
    connectTimeoutMs,
    headersTimeoutMs,
    bodyTimeoutMs,
    ...defined({ lookup, ca }),
  };
  return {
    name: 'http',
    network: true,
    operations: OPERATIONS,
    parse: parseHttpGrants,
    open: async (part = [], context) => {
      // Most runs never get here. The client itself, the largest part of what a process loads, comes with the first request that may be made.
      const [{ Connections }, { HttpService }, { readCredentials }] = await Promise.all([
        import('./connections.ts'),
        import('./http-service.ts'),
        import('./secrets.ts'),
      ]);
      const credentials = await readCredentials(part, context, 'http');
      return new HttpService(new Connections(part, credentials, dialer, context.run.traceparent), context);
    },
    narrow: narrowHttpGrants,
    show: (part) => shownEntries(part, 'http'),
  };
}
