import { expect, test } from 'vitest';
import { createServerAuth } from '../../../runtime/tools/remote/server-auth.ts';
import { verifies } from '../../support/verifies.ts';

verifies('MC-06');

test('tokens of one server do not go to another that has its name by now', async () => {
  let kept: string | undefined;
  const store = {
    get: async () => kept,
    set: async (text: string) => {
      kept = text;
    },
  };
  const tokensOf = (url: string) =>
    createServerAuth({
      settings: { name: 'files' },
      signIn: {
        store,
        redirectUrl: new URL('http://127.0.0.1/callback'),
        scopes: [],
        flow: 'code',
      },
      url: new URL(url),
      secret: () => undefined,
    }).provider;
  const tokens = { access_token: 'secret', token_type: 'bearer' };
  const issuer = { issuer: 'https://good.example' };
  await tokensOf('https://good.example/mcp').saveTokens(tokens, issuer);
  expect(await tokensOf('https://good.example/mcp').tokens()).toEqual(tokens);
  for (const url of ['https://other.example/mcp', 'https://good.example/other', 'http://good.example/mcp'])
    expect([await tokensOf(url).tokens(), await tokensOf(url).tokens(issuer)], url).toEqual([
      undefined,
      undefined,
    ]);
});
