import type { MiddlewareHandler } from 'hono';
import type { RateState, Rates } from '../../auth/rates.ts';
import type { Suspicion } from '../../auth/suspicion.ts';
import { SandglassError } from '../../vocabulary/errors.ts';
import type { Rate } from '../../vocabulary/policy.ts';
import { sleep } from '../../vocabulary/sleep.ts';
import { addHeaders } from './add-headers.ts';
import { HttpError } from './http-error.ts';
import type { DoorContext, DoorEnv } from './route.ts';

export interface CountOptions {
  /** Of callers that have none of their own. @default no limit */
  readonly usual: Rate | undefined;
  readonly rates: Rates;
  /** How long a call over its rate may wait for its turn, ms; 0: it is refused at once. */
  readonly throttleMs: number;
  readonly suspicion: Suspicion;
}

/** Requests that make the server run something: not those that look at it. What comes to `/mcp` is counted by its route, which reads what it is. */
const COUNTED = new Set(['/v1/runs', '/v1/sessions', '/v1/calls']);
const isCounted = (method: string, path: string): boolean =>
  method === 'POST'
    ? COUNTED.has(path) || (path.startsWith('/v1/tools/') && path.endsWith('/call'))
    : path.startsWith('/v1/sessions/') && path.endsWith('/memory');

/** Calls that wait for their turn at one time: each holds a connection, and nothing else. */
const MOST_WAITING = 1_000;
const MOST_WAITING_EACH = 50;

/** Counts the calls of each caller, and tells how it stands (draft-ietf-httpapi-ratelimit-headers). */
export function countCalls({
  usual,
  rates,
  throttleMs,
  suspicion,
}: CountOptions): MiddlewareHandler<DoorEnv> {
  const waiting = new Map<string, number>();
  let waits = 0;

  /** Waits for its turn where it may. */
  const take = async (name: string, id: string, rate: Rate, signal: AbortSignal): Promise<RateState> => {
    for (let left = throttleMs; ; ) {
      try {
        return await rates.take(`${name} ${id}`, rate);
      } catch (error) {
        const waitMs = retryAfterOf(error);
        const own = waiting.get(id) ?? 0;
        if (waitMs === undefined || waitMs > left || signal.aborted) throw error;
        if (waits >= MOST_WAITING || own >= MOST_WAITING_EACH) throw error;
        left -= waitMs;
        waits += 1;
        waiting.set(id, own + 1);
        await sleep(waitMs, signal);
        waits -= 1;
        const rest = (waiting.get(id) ?? 1) - 1;
        if (rest === 0) waiting.delete(id);
        else waiting.set(id, rest);
      }
    }
  };

  return async (context, next) => {
    const { req } = context;
    const { caller, rate = usual, quota } = context.get('who');
    if (caller !== undefined) suspicion.check(caller.id);
    const id = caller?.id ?? '';
    const states: Stand[] = [];
    const count = async (): Promise<void> => {
      try {
        for (const [name, held] of [['calls', rate] as const, ['quota', quota] as const])
          if (held !== undefined) states.push({ name, ...(await take(name, id, held, req.raw.signal)) });
      } catch (error) {
        if (caller !== undefined) suspicion.note(id);
        throw tooMany(error, { calls: rate, quota });
      }
    };
    context.set('count', count);
    if (isCounted(req.method, req.path)) await count();
    await next();
    if (states.length > 0) tell(context, states);
  };
}

type Stand = RateState & { readonly name: string };

const retryAfterOf = (error: unknown): number | undefined =>
  error instanceof SandglassError && error.code === 'RATE_LIMITED'
    ? Number(error.details?.retryAfterMs)
    : undefined;

const seconds = (ms: number): number => Math.ceil(ms / 1_000);

const policyOf = (name: string, limit: number, perMs: number): string =>
  `"${name}";q=${limit};w=${seconds(perMs)}`;

function tell(context: DoorContext, states: readonly Stand[]): void {
  addHeaders(context, {
    'RateLimit-Policy': states.map(({ name, limit, perMs }) => policyOf(name, limit, perMs)).join(', '),
    RateLimit: states
      .map(({ name, remaining, resetMs }) => `"${name}";r=${remaining};t=${seconds(resetMs)}`)
      .join(', '),
  });
}

/** The same headers beside a refusal. */
function tooMany(error: unknown, rates: Readonly<Record<string, Rate | undefined>>): unknown {
  const waitMs = retryAfterOf(error);
  if (waitMs === undefined || !(error instanceof SandglassError)) return error;
  const { limit, perMs } = error.details ?? {};
  const held = Object.entries(rates).find(([, rate]) => rate?.calls === limit && rate?.perMs === perMs);
  const refused = new HttpError(429, error.message, error.hint, error.code, error.details);
  refused.headers = {
    ...(held === undefined || held[1] === undefined
      ? {}
      : {
          'RateLimit-Policy': policyOf(held[0], held[1].calls, held[1].perMs),
          RateLimit: `"${held[0]}";r=0;t=${seconds(waitMs)}`,
        }),
  };
  return refused;
}
