import type { Dialer, DialerOptions } from './dialer.ts';
import type { ExchangeContext } from './exchange.ts';
import { HttpFault } from './http-fault.ts';
import { baseOf, type HttpEntryPolicy } from './http-grant.ts';
import { type HttpEntry, HttpPolicy } from './http-policy.ts';
import { loadDialer } from './load-dialer.ts';
import { createRedact, type Redact } from './redact.ts';
import { type Credential, tracesOf } from './secrets.ts';

/** The policy, credentials and connections of one run. */
export class Connections {
  readonly policy: HttpPolicy;
  /** Where relative URLs of the guest start. */
  readonly base: URL | undefined;
  /** For all that a server chose and a guest may see. */
  readonly redact: Redact;
  readonly #options: DialerOptions;
  readonly #traces: readonly string[];
  readonly #credentials: ReadonlyMap<string, Credential>;
  /** By secret name, so that no connection serves two of them; the empty name is for requests without one. */
  readonly #dialers = new Map<string, Dialer>();
  readonly #traceparent: string | undefined;
  #isClosed = false;

  constructor(
    policies: readonly HttpEntryPolicy[],
    credentials: ReadonlyMap<string, Credential>,
    options: DialerOptions,
    traceparent?: string,
  ) {
    this.#traceparent = traceparent;
    this.policy = new HttpPolicy(policies);
    this.base = baseOf(policies);
    this.#options = options;
    this.#credentials = credentials;
    this.#traces = tracesOf(this.#credentials);
    this.redact = createRedact(this.#traces);
  }

  /** @param sent Counts bytes of request bodies that leave. */
  context(sent: (bytes: number) => void): ExchangeContext {
    return {
      policy: this.policy,
      credential: ({ policy: { secret } }) =>
        secret === undefined ? undefined : this.#credentials.get(secret),
      dialer: (entry) => this.#dialer(entry),
      traces: this.#traces,
      traceparent: this.#traceparent,
      redact: this.redact,
      sent,
    };
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.allSettled([...this.#dialers.values()].map(({ agent }) => agent.destroy()));
    this.#dialers.clear();
  }

  async #dialer({ policy: { secret = '' } }: HttpEntry): Promise<Dialer> {
    const { createDialer } = await loadDialer();
    if (this.#isClosed) throw new HttpFault('aborted');
    const known = this.#dialers.get(secret);
    if (known !== undefined) return known;
    const dialer = createDialer(this.policy, this.#options);
    this.#dialers.set(secret, dialer);
    return dialer;
  }
}
