import { RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';
import type { Rate } from '../vocabulary/policy.ts';
import { Recent } from '../vocabulary/recent.ts';
import { type RateState, type Rates, rateLimited } from './rates.ts';

export interface RedisRatesOptions {
  /** A client of `ioredis`, connected or on its way. It is not closed here. */
  readonly client: unknown;
  /** Counts while Redis is away: each server by itself then. */
  readonly meanwhile: Rates;
  /** Told once each time that Redis goes away. */
  readonly onAway: (error: unknown) => void;
}

/** Pairs of calls and time that are in use: those of keys, of scopes, of claims. */
const MOST_RATES = 1_000;

/** Counts calls by caller for all servers of one Redis together, in windows that begin with a call. */
export function createRedisRates({ client, meanwhile, onAway }: RedisRatesOptions): Rates {
  const limiters = new Recent<RateLimiterRedis>(MOST_RATES);
  let isAway = false;
  const limiterOf = ({ calls, perMs }: Rate): RateLimiterRedis => {
    const name = `${calls}/${perMs}`;
    const known = limiters.get(name);
    if (known !== undefined) return known;
    const limiter = new RateLimiterRedis({
      storeClient: client,
      keyPrefix: `sandglass:rate:${name}`,
      points: calls,
      duration: Math.max(1, Math.ceil(perMs / 1_000)),
      rejectIfRedisNotReady: true,
    });
    limiters.set(name, limiter);
    return limiter;
  };
  return {
    async take(caller, rate, count = 1) {
      try {
        const limiter = limiterOf(rate);
        const result = await limiter.consume(caller, count).catch(async (refused: unknown) => {
          if (!(refused instanceof RateLimiterRes)) throw refused;
          // What is refused is not counted: calls that come together are refused together.
          await limiter.reward(caller, count);
          throw rateLimited(rate, Math.max(1, refused.msBeforeNext));
        });
        isAway = false;
        return stateOf(rate, result);
      } catch (error) {
        if (isRateLimited(error)) throw error;
        if (!isAway) onAway(error);
        isAway = true;
        return meanwhile.take(caller, rate, count);
      }
    },
  };
}

const isRateLimited = (error: unknown): boolean =>
  typeof error === 'object' && error !== null && 'code' in error && error.code === 'RATE_LIMITED';

const stateOf = ({ calls, perMs }: Rate, { remainingPoints, msBeforeNext }: RateLimiterRes): RateState => ({
  limit: calls,
  perMs,
  remaining: remainingPoints,
  resetMs: remainingPoints > 0 ? 0 : Math.max(1, msBeforeNext),
});
