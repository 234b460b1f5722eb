import type { Duplex } from 'node:stream';
import type {
  HostContext,
  HostReply,
  HostRequest,
  HostService,
} from '../../runtime/contracts/host-function.ts';
import type { OriginNetwork, OriginRules } from '../../runtime/contracts/operations/browser.ts';
import { defined } from '../../runtime/vocabulary/defined.ts';
import { SandglassError } from '../../runtime/vocabulary/errors.ts';
import type { BrowserAction } from '../../runtime/vocabulary/grants/browser.ts';
import { readBrowserCall } from './browser-args.ts';
import type { BrowserPart } from './browser-grant.ts';
import { BrowserPolicy, checkDownload, deniedOrigin } from './browser-policy.ts';
import { BrowserRefusal, toBrowserError } from './browser-refusal.ts';
import type { BrowserSessions } from './browser-sessions.ts';

/** Which run owns the session that a run uses: its own, or that of the run it is nested in. */
export type Owners = Map<string, string>;

export interface BrowserServiceOptions {
  readonly part: BrowserPart | undefined;
  readonly rules: OriginRules<Duplex>;
  readonly sessions: BrowserSessions;
  readonly owners: Owners;
  readonly actionOf: (operation: string) => BrowserAction;
}

/** One run's use of a browser. */
export class BrowserService implements HostService {
  readonly #options: BrowserServiceOptions;
  readonly #policy: BrowserPolicy;
  readonly #context: HostContext;
  readonly #owner: string;
  /** Of the session that its calls use which name none. */
  readonly #key: string;
  /** That session outlives the run. */
  readonly #isKept: boolean;
  #network: OriginNetwork<Duplex> | undefined;

  constructor(options: BrowserServiceOptions, context: HostContext) {
    this.#options = options;
    this.#context = context;
    this.#policy = new BrowserPolicy(options.part);
    const { runId, parent } = context.run;
    this.#owner = (parent === undefined ? undefined : options.owners.get(parent)) ?? runId;
    options.owners.set(runId, this.#owner);
    const { session, conversation } = context;
    this.#isKept = session !== undefined || conversation !== undefined;
    this.#key =
      session !== undefined
        ? options.sessions.keyOf(session)
        : conversation !== undefined
          ? JSON.stringify(['conversation', context.run.caller?.id ?? null, conversation])
          : JSON.stringify(['run', this.#owner]);
  }

  async call(operation: string, { args: given, signal }: HostRequest): Promise<HostReply> {
    const verb = operation.slice('browser.'.length);
    const { sessions, rules, actionOf } = this.#options;
    const part = this.#policy.admit(actionOf(operation), verb);
    const { args, session: name, timeoutMs } = readBrowserCall(verb, given);
    this.#network ??= rules.open(part.origins);
    const network = this.#network;
    const { url } = args;
    if (typeof url === 'string') checkUrl(url, part, network);
    // Going somewhere first is an act of its own.
    if (typeof url === 'string' && verb !== 'navigate' && !part.actions.has('navigate'))
      this.#policy.admit('navigate', verb);
    if (verb === 'download') {
      checkDownload(part);
      // A page is clicked for it.
      if (url === undefined) this.#policy.admit('interact', verb);
    }
    const key =
      name === undefined ? this.#key : JSON.stringify(['named', this.#context.run.caller?.id ?? null, name]);
    if (verb === 'close') {
      await sessions.close(key);
      return { value: { closed: true } };
    }
    try {
      sessions.wake(key);
      await sessions.makeRoom(key);
      signal.throwIfAborted();
      const session = sessions.find(key);
      const stop = (): void => void sessions.close(key);
      signal.addEventListener('abort', stop, { once: true });
      const before = session.bytes;
      const most = Math.min(timeoutMs ?? 10_000, part.timeoutMs, this.#context.limits.timeoutMs);
      try {
        const { value, bytes } = await session.act(verb, args, Math.max(1, most), { part, network });
        return {
          ...defined({ value }),
          ...(bytes === undefined ? {} : { bytes, givesBytes: false }),
          ingressBytes: session.bytes - before,
        };
      } finally {
        signal.removeEventListener('abort', stop);
        if (name !== undefined || this.#isKept) sessions.rest(key);
      }
    } catch (error) {
      if (error instanceof BrowserRefusal) throw toBrowserError(error, verb, name);
      if (error instanceof SandglassError || !signal.aborted) throw error;
      throw new SandglassError('CANCELLED', `Cannot call ${operation}: the run has ended`);
    }
  }

  async close(): Promise<void> {
    const { runId } = this.#context.run;
    this.#options.owners.delete(runId);
    if (this.#owner === runId && !this.#isKept) await this.#options.sessions.close(this.#key);
  }
}

/** @throws {SandglassError} CAPABILITY_DENIED, INPUT_INVALID */
function checkUrl(text: string, part: BrowserPart, network: OriginNetwork<Duplex>): void {
  const url = URL.parse(text);
  if (url === null)
    throw new SandglassError(
      'INPUT_INVALID',
      `Cannot open ${JSON.stringify(text.slice(0, 200))}: it is not an absolute URL`,
      {
        details: { reason: 'invalid' },
      },
    );
  if ((url.protocol !== 'http:' && url.protocol !== 'https:') || !network.covers(url))
    throw deniedOrigin(url, part);
}
