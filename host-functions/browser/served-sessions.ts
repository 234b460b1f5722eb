import { randomUUID } from 'node:crypto';
import type {
  BrowserDriver,
  DriverSession,
  OriginNetwork,
  OriginRules,
} from '../../runtime/contracts/operations/browser.ts';
import { isJsonObject, type JsonObject } from '../../runtime/vocabulary/json.ts';
import { BrowserRefusal } from './browser-refusal.ts';
import { writeAnswer } from './service-messages.ts';

/** One session, and what the call that is under way brings. */
interface Served {
  readonly session: DriverSession;
  network: OriginNetwork | undefined;
  stayed: string[];
  idle: ReturnType<typeof setTimeout> | undefined;
}

/** A request that is none of a runtime's. */
export class Refused extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export class Told extends Error {
  readonly refusal: BrowserRefusal;
  readonly facts: JsonObject;
  constructor(refusal: BrowserRefusal, facts: JsonObject) {
    super(refusal.message);
    this.refusal = refusal;
    this.facts = facts;
  }
}

export interface ServedSessions {
  open(asked: JsonObject): Promise<JsonObject>;
  act(id: string, asked: JsonObject): Promise<JsonObject>;
  end(id: string): Promise<void>;
  endAll(): Promise<void>;
}

/** Sessions that runtimes elsewhere have opened. @throws {Refused | BrowserRefusal | Told} */
export function createServedSessions(
  driver: BrowserDriver,
  rules: OriginRules,
  { maxSessions, idleMs }: { readonly maxSessions: number; readonly idleMs: number },
): ServedSessions {
  const sessions = new Map<string, Served>();
  let opening = 0;
  const end = async (id: string): Promise<void> => {
    const served = sessions.get(id);
    sessions.delete(id);
    clearTimeout(served?.idle);
    await served?.session.close().catch(() => undefined); // its browser may have ended before it
    if (sessions.size + opening === 0) await driver.close();
  };
  const rest = (id: string, served: Served): void => {
    clearTimeout(served.idle);
    served.idle = setTimeout(() => void end(id), idleMs);
    served.idle.unref();
  };

  const open = async (asked: JsonObject): Promise<JsonObject> => {
    if (sessions.size + opening > maxSessions)
      throw new BrowserRefusal(
        'busy',
        `${maxSessions} browser sessions are open`,
        'Close one, or try again later',
      );
    const { proxy, maxPages, downloads } = readOpening(asked);
    const served: Omit<Served, 'session'> & { session?: DriverSession } = {
      network: undefined,
      stayed: [],
      idle: undefined,
    };
    served.session = await driver.open({
      proxy,
      maxPages,
      downloads,
      origins: () => [],
      covers: (text) => {
        const url = URL.parse(text);
        if (url === null) return false;
        return !/^https?:$/.test(url.protocol) || served.network?.covers(url) === true;
      },
      stayed: (url) => {
        if (served.stayed.length < 32) served.stayed.push(url);
      },
    });
    const id = randomUUID();
    const kept = served as Served; // it has a session now
    sessions.set(id, kept);
    rest(id, kept);
    return { id };
  };

  const act = async (id: string, asked: JsonObject): Promise<JsonObject> => {
    const served = sessions.get(id);
    if (served === undefined) throw new BrowserRefusal('closed', 'the session has ended');
    const { verb, args, timeoutMs, origins } = readAct(asked, rules);
    served.network = rules.open(origins);
    served.stayed = [];
    clearTimeout(served.idle);
    try {
      const answer = await served.session.act(verb, args, timeoutMs);
      return writeAnswer({ answer, url: served.session.url(), stayed: served.stayed });
    } catch (error) {
      if (!(error instanceof BrowserRefusal)) throw error;
      throw new Told(error, writeAnswer({ answer: {}, url: served.session.url(), stayed: served.stayed }));
    } finally {
      served.network = undefined;
      rest(id, served);
    }
  };

  const counted = async (asked: JsonObject): Promise<JsonObject> => {
    opening += 1;
    try {
      return await open(asked);
    } finally {
      opening -= 1;
    }
  };
  const endAll = async (): Promise<void> => {
    await Promise.all([...sessions.keys()].map(end));
    await driver.close();
  };
  return { open: counted, act, end, endAll };
}

function readOpening(asked: JsonObject) {
  const { server, username, password } = isJsonObject(asked.proxy ?? null) ? (asked.proxy as JsonObject) : {};
  const { maxPages, downloads } = asked;
  if (typeof server !== 'string' || typeof username !== 'string' || typeof password !== 'string')
    throw new Refused(400, 'proxy');
  if (typeof maxPages !== 'number' || !Number.isInteger(maxPages) || maxPages < 1 || maxPages > 32)
    throw new Refused(400, 'maxPages');
  return { proxy: { server, username, password }, maxPages, downloads: downloads === true };
}

function readAct({ verb, args, timeoutMs, origins }: JsonObject, rules: OriginRules) {
  if (typeof verb !== 'string' || args === undefined || !isJsonObject(args)) throw new Refused(400, 'verb');
  if (typeof timeoutMs !== 'number' || !(timeoutMs >= 1 && timeoutMs <= 300_000))
    throw new Refused(400, 'timeoutMs');
  if (!Array.isArray(origins) || !origins.every((one) => typeof one === 'string'))
    throw new Refused(400, 'origins');
  const allowed = origins as readonly string[]; // each was just looked at
  try {
    rules.check(allowed, 'origins');
  } catch {
    throw new Refused(400, 'origins');
  }
  return { verb, args, timeoutMs, origins: allowed };
}
