import { createRates, type Rates } from '../../auth/rates.ts';
import type { Suspicious } from '../../auth/suspicion.ts';
import type { HttpAppOptions } from '../http/app.ts';
import type { Flag, ParsedArguments } from './flags.ts';
import { parseDuration, parseWhole } from './quantities.ts';
import type { Terminal } from './terminal.ts';
import { UsageError } from './usage-error.ts';

export const RATE_FLAGS: readonly Flag[] = [
  {
    name: 'rate',
    value: 'N',
    help: 'Calls a minute of each caller, also with the key of the server itself. Default 60 for keys of the file, none for that one.',
  },
  {
    name: 'tool-rate',
    value: 'N',
    help: 'Calls a minute of one tool by one caller. Default none. Each server counts by itself.',
  },
  {
    name: 'throttle',
    value: 'TIME',
    help: 'Let a call over its rate wait this long for its turn. Default none: it is refused at once.',
  },
  {
    name: 'redis',
    value: 'URL',
    help:
      'Count calls in this Redis, for several servers together. Default REDIS_URL of the environment, ' +
      'else in this process. Needs the package ioredis.',
  },
  {
    name: 'suspicious-after',
    value: 'N',
    help: 'Refusals within a minute that make a caller suspicious: it is told of on stderr. Default 20.',
  },
  {
    name: 'block',
    value: 'TIME',
    help: 'Answer a suspicious caller with 429 for this long. Default none: it goes on.',
  },
];

/** Calls a minute. */
export const rateOf = (
  text: string | undefined,
  flag = '--rate',
): { readonly calls: number; readonly perMs: number } | undefined =>
  text === undefined ? undefined : { calls: parseWhole(flag, text, 1, 100_000), perMs: 60_000 };

interface Counting extends AsyncDisposable {
  readonly options: Pick<HttpAppOptions, 'rates' | 'throttleMs' | 'suspicion'>;
}

/** How calls are counted, and who is watched; disposing lets go of Redis. @throws {UsageError} */
export async function readRates(
  parsed: ParsedArguments,
  { env, stderr }: Pick<Terminal, 'env' | 'stderr'>,
): Promise<Counting> {
  const url = parsed.one('redis') ?? env.REDIS_URL ?? '';
  const after = parsed.one('suspicious-after');
  const block = parsed.one('block');
  const throttle = parsed.one('throttle');
  const warn = (text: string): void => void stderr.write(`Warning: ${text}\n`);
  const redis = url === '' ? undefined : await openRedis(url, warn);
  return {
    options: {
      ...(redis === undefined ? {} : { rates: redis.rates }),
      throttleMs: throttle === undefined ? 0 : parseDuration('--throttle', throttle),
      suspicion: {
        after: after === undefined ? 20 : parseWhole('--suspicious-after', after, 1, 100_000),
        blockMs: block === undefined ? 0 : parseDuration('--block', block),
        onSuspicious: (suspicious) => warn(textOf(suspicious)),
      },
    },
    [Symbol.asyncDispose]: async () => redis?.close(),
  };
}

const textOf = ({ caller, refusals, perMs, blockedMs }: Suspicious): string =>
  `suspicious: ${JSON.stringify(caller)} was refused ${refusals} times within ${perMs} ` +
  `ms${blockedMs === 0 ? '' : `, and is blocked for ${blockedMs} ms`}`;

interface OpenRedis {
  readonly rates: Rates;
  close(): void;
}

/** Its URL may hold a password: no message has it. */
async function openRedis(url: string, warn: (text: string) => void): Promise<OpenRedis> {
  if (!URL.canParse(url) || !['redis:', 'rediss:'].includes(new URL(url).protocol))
    throw new UsageError('Cannot use --redis: it is not a URL like redis://HOST:6379');
  const ioredis = await import('ioredis').catch(() => undefined); // an optional package: not there is not wrong
  if (ioredis === undefined)
    throw new UsageError('Cannot use --redis: the package ioredis is not installed', 'npm install ioredis');
  const { createRedisRates } = await import('../../auth/redis-rates.ts');
  const client = new ioredis.Redis(url, {
    commandTimeout: 1_000,
    connectTimeout: 5_000,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 1,
    retryStrategy: (attempt) => Math.min(5_000, 100 * attempt),
  });
  // Without a listener an error of the connection would end the process; calls say that it is away.
  client.on('error', () => undefined);
  await new Promise<void>((resolve) => {
    client.once('ready', () => resolve());
    client.once('error', () => resolve());
  });
  return {
    rates: createRedisRates({
      client,
      meanwhile: createRates(() => performance.now()),
      onAway: () => warn('Redis is away: until it is back this server counts calls by itself'),
    }),
    close: () => client.disconnect(),
  };
}
