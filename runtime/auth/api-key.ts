import { toBase64Url } from '../vocabulary/base64.ts';
import type { Caller } from '../vocabulary/caller.ts';
import type { Grant } from '../vocabulary/grant.ts';
import type { Rate } from '../vocabulary/policy.ts';
import { sha256Hex } from '../vocabulary/sha256.ts';

/** A key as it is kept: what it allows, and the hash of its secret. Nobody can make the key from it. */
export interface ApiKey {
  /** 1 to 64 letters, digits, `-`, `_`: the caller of all that is done with it. */
  readonly name: string;
  /** SHA-256 of the whole key, lower-case hex. Its secret has 192 random bits: there is nothing to guess. */
  readonly hash: string;
  /** Capabilities, `fs.read`, `fs.*`, `*`. */
  readonly permissions: readonly string[];
  /** Names of tools, or patterns that end in `*`. Absent: all. */
  readonly tools?: readonly string[];
  readonly rate?: Rate;
  /** Calls a day, beside the rate. */
  readonly quota?: Rate;
  /** What its calls may be granted at most. Absent: all that the policy of the server gives. */
  readonly grant?: Grant;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly expiresAt?: number;
  readonly revokedAt?: number;
}

/** Who a key, or a token, stands for. */
export interface KeyHolder {
  readonly caller: Caller;
  readonly tools: readonly string[] | undefined;
  readonly rate: Rate | undefined;
  /** Calls in a longer time, beside the rate. */
  readonly quota?: Rate | undefined;
}

const PREFIX = 'sgk_';
const SECRET_BYTES = 24;

/** A new key: what is shown once, and what is kept. */
export async function createApiKey(
  about: Omit<ApiKey, 'hash'>,
): Promise<{ readonly text: string; readonly key: ApiKey }> {
  const secret = crypto.getRandomValues(new Uint8Array(SECRET_BYTES));
  const text = `${PREFIX}${about.name}_${toBase64Url(secret)}`;
  return { text, key: { ...about, hash: await hashOfKey(text) } };
}

const hashOfKey = (text: string): Promise<string> => sha256Hex(new TextEncoder().encode(text));

/**
 * Whom a key that was shown stands for; `undefined` for one that is unknown, has expired or was revoked.
 * @param now Milliseconds since the epoch.
 */
export async function holderOf(
  shown: string,
  keys: readonly ApiKey[],
  now: number,
): Promise<KeyHolder | undefined> {
  if (!shown.startsWith(PREFIX)) return undefined;
  const hash = await hashOfKey(shown);
  // Equal hashes of secrets: how long a comparison takes tells nothing of a secret.
  const key = keys.find((known) => known.hash === hash);
  if (key === undefined || key.revokedAt !== undefined) return undefined;
  if (key.expiresAt !== undefined && key.expiresAt <= now) return undefined;
  return {
    caller: Object.freeze({
      id: key.name,
      permissions: Object.freeze([...key.permissions]),
      ...(key.grant === undefined ? {} : { grants: Object.freeze([key.grant]) }),
    }),
    tools: key.tools,
    rate: key.rate,
    quota: key.quota,
  };
}
