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
    const { caller, rate = usual, quota } = context.get('who');
    const id = caller?.id ?? '';
    const named = [
      ['calls', rate],
      ['quota', quota],
    ] as const;
    const states: (readonly [string, RateState])[] = [];
    for (const [name, held] of named)
      if (held !== undefined) states.push([name, rates.take(`${name} ${id}`, held)]);
    await next();
    if (states.length === 0) return;
    context.header(
      'RateLimit-Policy',
      states.map(([name, { limit, perMs }]) => `"${name}";q=${limit};w=${seconds(perMs)}`).join(', '),
    );
    context.header(
      'RateLimit',
      states
        .map(([name, { remaining, resetMs }]) => `"${name}";r=${remaining};t=${seconds(resetMs)}`)
        .join(', '),
    );
  };
}

const seconds = (ms: number): number => Math.ceil(ms / 1_000);
