import type { HostFunction, OperationInfo } from '../../runtime/contracts/host-function.ts';
import { defined } from '../../runtime/vocabulary/defined.ts';
import { wholeNumber } from '../../runtime/vocabulary/read-options.ts';
import type { Lookup } from './dialer.ts';
import { askedOrigin } from './http-resource.ts';
import { shownEntries } from './shown-entries.ts';
import { narrowWsGrants, parseWsGrants, type WsPart } from './ws-grant.ts';
import type { WsOperation } from './ws-service.ts';

export interface WsHostFunctionOptions {
  /** Resolves host names. Its answers are checked like any other's. @default the system's resolver */
  readonly lookup?: Lookup;
  /** Name, TCP and TLS of one connection together, ms. @default 10_000 */
  readonly connectTimeoutMs?: number;
  /** The same and the opening handshake, ms. @default 30_000 */
  readonly openTimeoutMs?: number;
  /** Certificate authorities that are trusted instead of the system's, PEM. */
  readonly ca?: string;
}

const goOn: OperationInfo = Object.freeze({ capability: 'ws', kind: 'continue' });

const OPERATIONS: Readonly<Record<WsOperation, OperationInfo>> = Object.freeze({
  'ws.open': Object.freeze({ capability: 'ws', kind: 'act', resource: askedOrigin }),
  'ws.send': goOn,
  'ws.receive': goOn,
  'ws.close': goOn,
});

/**
 * The host function `ws`: WebSocket connections to the origins of a grant, by the same rules as `http`, which it shares its dialer with. Errors:
 * CAPABILITY_DENIED for what no entry covers, also after a name server's answer; HOST_CALL_FAILED with `details.reason`; HOST_CALLS_EXCEEDED over an
 * entry's `maxCalls`; INPUT_INVALID for malformed arguments. It follows no redirect, keeps no cookies and compresses nothing.
 * @example createWsHostFunction({ openTimeoutMs: 5_000 })
 */
export function createWsHostFunction(options: WsHostFunctionOptions = {}): HostFunction<WsPart> {
  const { connectTimeoutMs = 10_000, openTimeoutMs = 30_000, lookup, ca } = options;
  for (const [name, ms] of Object.entries({ connectTimeoutMs, openTimeoutMs })) {
    wholeNumber(ms, `make the ws host function: ${name}`, { minimum: 1, unit: 'ms' });
  }
  const dialer = {
    connectTimeoutMs,
    openTimeoutMs,
    ...defined({ lookup, ca }),
  };
  return {
    name: 'ws',
    network: true,
    operations: OPERATIONS,
    parse: parseWsGrants,
    open: async (part = [], context) => {
      // As with http, most runs never get here.
      const [{ WsService }, { readCredentials }] = await Promise.all([
        import('./ws-service.ts'),
        import('./secrets.ts'),
      ]);
      return new WsService(part, await readCredentials(part, context, 'ws'), context, dialer);
    },
    narrow: narrowWsGrants,
    show: (part) => shownEntries(part, 'ws'),
  };
}
