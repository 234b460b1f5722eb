import { describe, expect, test } from 'vitest';
import { createKeptTokens } from '../../../runtime/auth/kept-tokens.ts';
import { GrantRefused, type Tokens } from '../../../runtime/auth/oauth-client.ts';
import { createSealer } from '../../../runtime/auth/sealer.ts';
import { verifies } from '../../support/verifies.ts';

async function open(refresh: (tokens: Tokens) => Promise<Tokens>) {
  const stored = new Map<string, string>();
  const asked: Tokens[] = [];
  let now = 0;
  const kept = createKeptTokens({
    store: {
      get: async (key) => stored.get(key),
      set: async (key, sealed) => {
        if (sealed === undefined) stored.delete(key);
        else stored.set(key, sealed);
      },
    },
    sealer: await createSealer(['x'.repeat(32)], 'tokens'),
    refresh: (_, tokens) => {
      asked.push(tokens);
      return refresh(tokens);
    },
    now: () => now,
  });
  await kept.keep('ana', 'local', { access: 'first', refresh: 'again', expiresAt: 60_000, scopes: ['read'] });
  return {
    kept,
    stored,
    asked,
    at: (ms: number) => {
      now = ms;
    },
  };
}

describe('tokens that are over', verifies('AU-05'), () => {
  test('a refresh that is refused signs the user out: once, and nothing is asked again', async () => {
    const { kept, stored, asked, at } = await open(() => Promise.reject(new GrantRefused('no')));
    expect(await kept.token('ana', 'local', 'read')).toBe('first');
    at(60_000);
    const refused = { code: 'UNAUTHENTICATED', details: { provider: 'local' } };
    const both = await Promise.allSettled([kept.token('ana', 'local'), kept.token('ana', 'local')]);
    expect(both.map((one) => one.status === 'rejected' && one.reason)).toMatchObject([refused, refused]);
    expect(asked).toHaveLength(1);
    expect(stored.size).toBe(0);
    await expect(kept.token('ana', 'local')).rejects.toMatchObject(refused);
    expect(asked).toHaveLength(1);
    expect(await kept.scopes('ana', 'local')).toBeUndefined();
  });

  test('a call that read the old token before it was replaced does not use its refresh token again', async () => {
    const { kept, asked, at } = await open(async (tokens) => ({
      ...tokens,
      access: 'second',
      refresh: 'once more',
      expiresAt: 600_000,
    }));
    at(60_000);
    const many = await Promise.all(Array.from({ length: 20 }, () => kept.token('ana', 'local')));
    expect(new Set(many)).toEqual(new Set(['second']));
    expect(asked).toHaveLength(1);
  });

  test('a provider that is away signs nobody out, and its text is not told', async () => {
    let away = true;
    const { kept, stored, at } = await open(async (tokens) => {
      if (away) throw new TypeError('connect ECONNREFUSED with secret-of-provider');
      return { ...tokens, access: 'second', expiresAt: 600_000 };
    });
    at(60_000);
    const error = await kept.token('ana', 'local').catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'HOST_CALL_FAILED', retryable: true });
    expect(JSON.stringify(error)).not.toContain('secret-of-provider');
    expect(stored.size).toBe(1);
    away = false;
    expect(await kept.token('ana', 'local')).toBe('second');
  });

  test('a token without a refresh token is over for good', async () => {
    const { kept, asked, at } = await open(() => Promise.reject(new GrantRefused('no')));
    await kept.keep('bob', 'local', { access: 'only', expiresAt: 60_000, scopes: [] });
    at(60_000);
    await expect(kept.token('bob', 'local')).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    expect(asked).toHaveLength(0);
    await expect(kept.token('ana', 'local', 'write')).rejects.toMatchObject({ code: 'CAPABILITY_DENIED' });
  });
});
