import type { buildConnector } from 'undici';
import type {
  HostContext,
  HostReply,
  HostRequest,
  HostService,
} from '../../runtime/contracts/host-function.ts';
import type { WsOperations } from '../../runtime/contracts/operations/ws.ts';
import { SandglassError } from '../../runtime/vocabulary/errors.ts';
import type { ConnectOptions } from './dialer.ts';
import { HttpFault, toFault, toHttpError } from './http-fault.ts';
import { HttpPolicy, shown, spendBytes } from './http-policy.ts';
import { createLifetime } from './lifetime.ts';
import { loadDialer } from './load-dialer.ts';
import { createRedact, type Redact, redactError } from './redact.ts';
import { type Credential, Scrubber, tracesOf } from './secrets.ts';
import { checkWsArgs, readOpening } from './ws-args.ts';
import type { WsConnection } from './ws-connection.ts';
import type { WsEntryPolicy } from './ws-grant.ts';

export type WsOperation = keyof WsOperations;

export interface WsOptions extends ConnectOptions {
  /** Of name, TCP, TLS and the opening handshake together, ms. */
  readonly openTimeoutMs: number;
}

/** Connections that one run has open at the same time. */
const MAX_CONNECTIONS = 16;

interface Open {
  readonly url: URL;
  readonly connection: WsConnection;
  readonly spend: (bytes: number) => void;
}

/** One run's WebSocket connections. */
export class WsService implements HostService {
  readonly #context: HostContext;
  readonly #options: WsOptions;
  readonly #policy: HttpPolicy<WsEntryPolicy>;
  readonly #credentials: ReadonlyMap<string, Credential>;
  readonly #traces: readonly string[];
  readonly #redact: Redact;
  #connect: buildConnector.connector | undefined;
  readonly #open = new Map<number, Open>();
  readonly #closed = new AbortController();
  #nextHandle = 1;

  constructor(
    policies: readonly WsEntryPolicy[],
    credentials: ReadonlyMap<string, Credential>,
    context: HostContext,
    options: WsOptions,
  ) {
    this.#context = context;
    this.#options = options;
    this.#policy = new HttpPolicy(policies);
    this.#credentials = credentials;
    this.#traces = tracesOf(this.#credentials);
    this.#redact = createRedact(this.#traces);
  }

  async call(operation: string, request: HostRequest): Promise<HostReply> {
    let what = operation;
    const of = (handle: number): Open => {
      const open = this.#open.get(handle);
      if (open === undefined) throw new HttpFault('bad-handle');
      what = `use the connection to ${shown(open.url)}`;
      request.about?.({ origin: open.url.origin });
      return open;
    };
    try {
      if (this.#closed.signal.aborted) throw new HttpFault('aborted');
      switch (operation) {
        case 'ws.open': {
          const opening = readOpening(request.args);
          what = `connect to ${shown(opening.url)}`;
          return await this.#begin(opening.url, opening.protocols, request.signal);
        }
        case 'ws.send': {
          const { handle, text = false } = checkWsArgs(operation, request.args);
          return await send(of(handle), request.bytes ?? new Uint8Array(), text);
        }
        case 'ws.receive': {
          const { handle } = checkWsArgs(operation, request.args);
          return await this.#receive(handle, of(handle));
        }
        case 'ws.close': {
          const { handle, code, reason = '' } = checkWsArgs(operation, request.args);
          of(handle).connection.close(code, reason);
          return { value: null };
        }
        default:
          throw new SandglassError('UNSUPPORTED', 'Cannot call ws: it has no such operation');
      }
    } catch (error) {
      const fault = toFault(error);
      const told = fault instanceof HttpFault ? toHttpError(fault, what) : fault;
      throw told instanceof SandglassError ? redactError(told, this.#redact) : told;
    }
  }

  async close(): Promise<void> {
    const reason = new HttpFault('aborted');
    this.#closed.abort(reason);
    const all = [...this.#open.values()];
    this.#open.clear();
    await Promise.allSettled(all.map(({ connection }) => connection.terminate(reason)));
  }

  async #begin(url: URL, protocols: readonly string[], signal: AbortSignal): Promise<HostReply> {
    const entry = this.#policy.admit(url, 'GET');
    const { createConnect } = await loadDialer();
    const { WsConnection } = await import('./ws-connection.ts');
    if (this.#closed.signal.aborted) throw new HttpFault('aborted');
    this.#connect ??= createConnect(this.#policy, this.#options);
    this.#makeRoom();
    const credential = this.#credentials.get(entry.policy.secret ?? '');
    const spend = (bytes: number): void => spendBytes(entry, bytes, url);
    const connection = new WsConnection({
      url,
      protocols,
      headers: {
        'user-agent': 'sandglass',
        ...(credential === undefined ? {} : { [credential.header[0]]: credential.header[1] }),
      },
      connect: this.#connect,
      maxMessageBytes: Math.min(entry.policy.maxMessageBytes, this.#context.limits.hostCallBytes),
      spend,
      scrubber: () => new Scrubber(this.#traces),
    });
    const handle = this.#nextHandle++;
    this.#open.set(handle, { url, connection, spend });
    const sources = new Set([signal, this.#context.signal, this.#closed.signal]);
    const lifetime = createLifetime(sources, this.#options.openTimeoutMs);
    const giveUp = (): void => {
      void connection.terminate(lifetime.signal.reason); // its failure is what `opened` throws
    };
    lifetime.signal.addEventListener('abort', giveUp, { once: true });
    if (lifetime.signal.aborted) giveUp();
    try {
      await connection.opened();
    } catch (error) {
      this.#open.delete(handle);
      throw error;
    } finally {
      lifetime.signal.removeEventListener('abort', giveUp);
      lifetime.end();
    }
    return { value: { handle, protocol: this.#redact(connection.protocol) } };
  }

  async #receive(handle: number, { connection }: Open): Promise<HostReply> {
    try {
      const next = await connection.receive();
      if (next.kind !== 'close') {
        return { value: { kind: next.kind }, bytes: next.bytes, ingressBytes: next.bytes.length };
      }
      this.#open.delete(handle);
      return { value: { kind: 'close', code: next.code, reason: this.#redact(next.reason) } };
    } catch (error) {
      const fault = toFault(error);
      // A second receive is a mistake of the guest, no end of the connection.
      if (!(fault instanceof HttpFault && fault.reason === 'invalid')) {
        this.#open.delete(handle);
        await connection.terminate(new HttpFault('aborted'));
      }
      throw error;
    }
  }

  /** Forgets connections that ended and that nobody received the end of, should there be no room. @throws {HttpFault} */
  #makeRoom(): void {
    if (this.#open.size < MAX_CONNECTIONS) return;
    for (const [handle, { connection }] of this.#open) if (connection.isClosed) this.#open.delete(handle);
    if (this.#open.size >= MAX_CONNECTIONS)
      throw new HttpFault('invalid', `more than ${MAX_CONNECTIONS} open connections`);
  }
}

async function send({ connection, spend }: Open, bytes: Uint8Array, isText: boolean): Promise<HostReply> {
  if (isText && !isUtf8(bytes)) throw new HttpFault('invalid', 'a text message is not UTF-8');
  spend(bytes.length);
  await connection.send(bytes, isText);
  return { value: null, egressBytes: bytes.length };
}

function isUtf8(bytes: Uint8Array): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false; // that is what `fatal` throws for
  }
}
