import { checkFields, type FieldKind } from '../vocabulary/check-fields.ts';
import { guarded } from '../vocabulary/guarded.ts';
import type { Alert } from './alerts.ts';

export interface WebhookOptions {
  /** Where alerts are posted to; `http:` or `https:`. */
  readonly url: string | URL;
  /** Sent with each, e.g. `authorization`. */
  readonly headers?: Readonly<Record<string, string>>;
  /** For one attempt, ms, 1..600,000. @default 10,000 */
  readonly timeoutMs?: number;
  /** Further attempts where the server fails or cannot be reached, 0..10, after 1 s, 2 s, 4 s… @default 3 */
  readonly retries?: number;
  /** Told of an alert that could not be delivered. @default nobody is told */
  readonly onError?: (error: Error, alert: Alert) => void;
  /** @default the platform's */
  readonly fetch?: (url: URL, init: RequestInit) => Promise<Response>;
  readonly sleep?: (ms: number) => Promise<void>;
}

const FIELDS: Readonly<Record<keyof WebhookOptions, FieldKind>> = {
  url: 'any!',
  headers: 'object',
  timeoutMs: 'any',
  retries: 'any',
  onError: 'function',
  fetch: 'function',
  sleep: 'function',
};

/** Alerts that may wait for a server that is slow; older ones are dropped for newer ones. */
const MOST_WAITING = 100;

/**
 * What posts each alert as one JSON object, one after the other, in their order. It is the operator's own address: no grant is asked.
 * @throws {TypeError | RangeError} for an address or an option that cannot be used.
 */
export function createWebhook(options: WebhookOptions): (alert: Alert) => void {
  checkFields(options, FIELDS, 'post alerts');
  const {
    url,
    headers = {},
    timeoutMs = 10_000,
    retries = 3,
    onError = () => undefined,
    fetch: send = fetch,
    sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms)),
  } = options;
  const target = readUrl(url);
  if (!(timeoutMs >= 1 && timeoutMs <= 600_000))
    throw new RangeError(`Cannot post alerts: timeoutMs ${timeoutMs} is not within 1 to 600000`);
  if (!(Number.isInteger(retries) && retries >= 0 && retries <= 10))
    throw new RangeError(`Cannot post alerts: retries ${retries} is not a whole number of 0 to 10`);
  const waiting: Alert[] = [];
  const tell = guarded(onError, () => undefined);
  const sendOnce = async (init: RequestInit): Promise<Response> => send(target, init);
  let posting = false;

  const post = async (alert: Alert): Promise<void> => {
    for (let attempt = 0; ; attempt++) {
      const failure = await sendOnce({
        method: 'POST',
        redirect: 'error',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify(alert),
        signal: AbortSignal.timeout(timeoutMs),
      }).then(failureOf, (error: unknown) => ({ again: true, reason: reasonOf(error) }));
      if (failure === undefined) return;
      if (!failure.again || attempt === retries)
        return tell(new Error(`Cannot post the alert ${alert.name}: ${failure.reason}`), alert);
      await sleep(1_000 * 2 ** attempt);
    }
  };
  const postAll = async (): Promise<void> => {
    posting = true;
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const alert = next;
      await post(alert).catch((cause: unknown) =>
        tell(new Error(`Cannot post the alert ${alert.name}`, { cause }), alert),
      );
    }
    posting = false;
  };
  return (alert) => {
    waiting.push(alert);
    const dropped = waiting.length > MOST_WAITING ? waiting.shift() : undefined;
    if (dropped !== undefined)
      tell(new Error(`Cannot post the alert ${dropped.name}: too many wait for the server`), dropped);
    if (!posting) void postAll();
  };
}

async function failureOf(response: Response): Promise<{ again: boolean; reason: string } | undefined> {
  await response.body?.cancel(); // what it says is of no use to anybody
  if (response.ok) return undefined;
  return {
    again: response.status >= 500 || response.status === 429,
    reason: `the server answered ${response.status}`,
  };
}

function readUrl(url: string | URL): URL {
  const target = new URL(url);
  if (target.protocol === 'http:' || target.protocol === 'https:') return target;
  throw new TypeError(`Cannot post alerts to ${target.protocol}: expected http: or https:`);
}

const reasonOf = (error: unknown): string =>
  error instanceof Error
    ? error.cause instanceof Error
      ? error.cause.message
      : error.message
    : String(error);
