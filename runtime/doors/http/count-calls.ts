import type { MiddlewareHandler } from 'hono';
import { createRates, type RateState } from '../../auth/rates.ts';
import type { Rate } from '../../vocabulary/policy.ts';
import type { DoorEnv } from './route.ts';

/** Requests that make the server run something: not those that look at it. */
const COUNTED = new Set(['/v1/runs', '/v1/sessions', '/v1/calls', '/mcp']);
const isCounted = (path: string): boolean =>
  COUNTED.has(path) || (path.startsWith('/v1/tools/') && path.endsWith('/call'));

/** Counts the calls of each caller, and tells how it stands (draft-ietf-httpapi-ratelimit-headers). */
export function countCalls(
  usual: Rate | undefined,
  monotonic: () => number = () => performance.now(),
): MiddlewareHandler<DoorEnv> {
  const rates = createRates(monotonic);
  return async (context, next) => {
    const { req } = context;
    if (req.method !== 'POST' || !isCounted(req.path)) return next();
    const { caller, rate = usual } = context.get('who');
    if (rate === undefined) return next();
    const state = rates.take(caller?.id ?? '', rate);
    await next();
    for (const [name, value] of headersOf(state)) context.header(name, value);
  };
}

function headersOf({ limit, perMs, remaining, resetMs }: RateState): readonly (readonly [string, string])[] {
  const seconds = (ms: number): number => Math.ceil(ms / 1_000);
  return [
    ['RateLimit-Policy', `"calls";q=${limit};w=${seconds(perMs)}`],
    ['RateLimit', `"calls";r=${remaining};t=${seconds(resetMs)}`],
  ];
}
