import type { Duplex } from 'node:stream';
import type { HostSession } from '../../runtime/contracts/host-function.ts';
import type {
  BrowserDriver,
  DriverAnswer,
  DriverSession,
  OriginNetwork,
} from '../../runtime/contracts/operations/browser.ts';
import type { JsonObject } from '../../runtime/vocabulary/json.ts';
import type { BrowserPart } from './browser-grant.ts';
import { bytesSpent, deniedOrigin } from './browser-policy.ts';
import { BrowserRefusal } from './browser-refusal.ts';
import { type FilterProxy, openFilterProxy, type ProxyRules } from './filter-proxy.ts';

/** What one call of a run brings: its grant, and the connections that it allows. */
export interface Asking {
  readonly part: BrowserPart;
  readonly network: OriginNetwork<Duplex>;
}

/** Verbs after which a page may go on to another. */
const LEADS: ReadonlySet<string> = new Set(['click', 'fillForm', 'press', 'back']);

interface Opened {
  readonly session: DriverSession;
  readonly proxy: FilterProxy;
}

/** One browser session behind its own proxy. What it may reach is what the run that calls may reach, and nothing between calls. */
class BrowserSession {
  readonly #driver: BrowserDriver;
  readonly #proxyHost: string;
  #opening: Promise<Opened> | undefined;
  #asking: Asking | undefined;
  #bytes = 0;
  #calls = 0;
  #isSpent = false;
  #isClosed = false;
  /** Calls come one after the other: there is one page that is looked at. */
  #last: Promise<unknown> = Promise.resolve();
  #refused: string[] = [];
  #stayed: string | undefined;
  readonly #onClose: () => void;

  constructor(driver: BrowserDriver, proxyHost: string, onClose: () => void) {
    this.#driver = driver;
    this.#proxyHost = proxyHost;
    this.#onClose = onClose;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get isUsed(): boolean {
    return this.#calls > 0;
  }

  /** @throws {BrowserRefusal | SandglassError} */
  act(verb: string, args: JsonObject, timeoutMs: number, asking: Asking): Promise<DriverAnswer> {
    this.#calls += 1;
    const done = this.#last
      .then(() => this.#do(verb, args, timeoutMs, asking))
      .finally(() => {
        this.#calls -= 1;
      });
    this.#last = done.catch(() => undefined);
    return done;
  }

  async #do(verb: string, args: JsonObject, timeoutMs: number, asking: Asking): Promise<DriverAnswer> {
    if (this.#isClosed) throw new BrowserRefusal('closed', 'the session has ended');
    const { part, network } = asking;
    this.#asking = asking;
    this.#refused = [];
    this.#stayed = undefined;
    try {
      if (this.#isSpent || this.#bytes > part.maxBytes) throw bytesSpent(part);
      const { session } = await this.#open(part);
      const most = verb === 'download' ? { maxBytes: part.maxDownloadBytes } : {};
      const answer = await session.act(verb, { ...args, ...most }, timeoutMs);
      if (this.#isSpent) throw bytesSpent(part);
      const at = URL.parse(session.url() ?? '');
      // A redirect, or a link that was clicked, led where nobody may look.
      if (at !== null && isWeb(at) && !network.covers(at)) {
        await session.act('blank', {}, timeoutMs);
        throw deniedOrigin(at, part);
      }
      if (this.#stayed !== undefined && LEADS.has(verb)) throw deniedOrigin(this.#stayed, part);
      return answer;
    } catch (error) {
      if (this.#isSpent) throw bytesSpent(part);
      const refused = this.#stayed ?? this.#refused[0];
      // A download that is refused never begins.
      const reasons = verb === 'download' ? ['navigation', 'timeout'] : ['navigation'];
      if (error instanceof BrowserRefusal && reasons.includes(error.reason) && refused !== undefined)
        throw deniedOrigin(refused, part);
      throw error;
    } finally {
      this.#asking = undefined;
    }
  }

  #open(part: BrowserPart): Promise<Opened> {
    this.#opening ??= (async () => {
      const rules: ProxyRules = {
        network: () => this.#asking?.network,
        spend: (bytes) => {
          this.#bytes += bytes;
          this.#isSpent ||= this.#bytes > (this.#asking?.part.maxBytes ?? part.maxBytes);
          return !this.#isSpent;
        },
        refused: (url) => {
          if (this.#refused.length < 32) this.#refused.push(url);
        },
      };
      const proxy = await openFilterProxy(rules, this.#proxyHost);
      try {
        const session = await this.#driver.open({
          proxy,
          origins: () => this.#asking?.part.origins ?? [],
          covers: (url) => {
            const parsed = URL.parse(url);
            if (parsed === null) return false;
            return !isWeb(parsed) || this.#asking?.network.covers(parsed) === true;
          },
          stayed: (url) => {
            this.#stayed ??= url;
          },
          maxPages: part.maxPages,
          downloads: part.maxDownloadBytes > 0,
        });
        return { session, proxy };
      } catch (error) {
        this.#opening = undefined;
        await proxy[Symbol.asyncDispose]();
        throw error;
      }
    })();
    return this.#opening;
  }

  /** Idempotent. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    try {
      const opened = await this.#opening;
      await opened?.session.close();
      await opened?.proxy[Symbol.asyncDispose]();
    } catch {
      // It did not open: then nothing is left of it.
    } finally {
      this.#onClose();
    }
  }
}

const isWeb = ({ protocol }: URL): boolean => protocol === 'http:' || protocol === 'https:';

const isNamed = (key: string): boolean => key.startsWith('["named"');

export interface SessionsOptions {
  readonly maxSessions: number;
  readonly idleMs: number;
  readonly proxyHost: string;
}

/**
 * All sessions of a runtime: one for each run, which runs that are nested in it share, for each session of guests and each conversation, and those
 * that were named.
 */
export class BrowserSessions {
  readonly #driver: BrowserDriver;
  readonly #most: number;
  readonly #idleMs: number;
  readonly #proxyHost: string;
  readonly #byKey = new Map<string, BrowserSession>();
  /** In the order in which they were last used. */
  readonly #idle = new Map<string, ReturnType<typeof setTimeout>>();
  readonly #keys = new WeakMap<HostSession, string>();
  #made = 0;

  constructor(driver: BrowserDriver, { maxSessions, idleMs, proxyHost }: SessionsOptions) {
    this.#driver = driver;
    this.#most = maxSessions;
    this.#idleMs = idleMs;
    this.#proxyHost = proxyHost;
  }

  /** The key of what a session of guests uses, which ends with it. */
  keyOf(session: HostSession): string {
    const known = this.#keys.get(session);
    if (known !== undefined) return known;
    this.#made += 1;
    const key = JSON.stringify(['session', this.#made]);
    this.#keys.set(session, key);
    session.ended.addEventListener('abort', () => void this.close(key), { once: true });
    return key;
  }

  /** Ends sessions that nobody has named and nobody uses, the longest unused first, where there is no place for another. */
  async makeRoom(key: string): Promise<void> {
    while (!this.#byKey.has(key) && this.#byKey.size >= this.#most) {
      const resting = [...this.#idle.keys()].find((each) => !isNamed(each));
      if (resting === undefined) return;
      await this.close(resting);
    }
  }

  /** @throws {BrowserRefusal} when there are too many. */
  find(key: string): BrowserSession {
    this.wake(key); // another call may have ended since
    const known = this.#byKey.get(key);
    if (known !== undefined) return known;
    if (this.#byKey.size >= this.#most)
      throw new BrowserRefusal(
        'busy',
        `${this.#most} browser sessions are open`,
        'Close one, or try again later',
      );
    const session = new BrowserSession(this.#driver, this.#proxyHost, () => void this.#ended(key, session));
    this.#byKey.set(key, session);
    return session;
  }

  /** One that is kept ends by itself once nobody has called it for long. The last of several calls lets it rest. */
  rest(key: string): void {
    this.wake(key);
    if (this.#byKey.get(key)?.isUsed !== false) return;
    const timer = setTimeout(() => void this.close(key), this.#idleMs);
    timer.unref?.();
    this.#idle.set(key, timer);
  }

  wake(key: string): void {
    clearTimeout(this.#idle.get(key));
    this.#idle.delete(key);
  }

  async close(key: string): Promise<void> {
    this.wake(key);
    await this.#byKey.get(key)?.close();
  }

  /** The browser itself ends with the last of its sessions. */
  async #ended(key: string, session: BrowserSession): Promise<void> {
    if (this.#byKey.get(key) === session) this.#byKey.delete(key);
    if (this.#byKey.size === 0) await this.#driver.close();
  }

  async closeAll(): Promise<void> {
    for (const timer of this.#idle.values()) clearTimeout(timer);
    this.#idle.clear();
    await Promise.allSettled([...this.#byKey.values()].map((session) => session.close()));
    await this.#driver.close();
  }
}
