import type { BearerTokens } from '../../auth/bearer-tokens.ts';
import { readIssuers } from '../../auth/issuers.ts';
import type { ProtectedResource } from '../http/protected-resource.ts';
import { parseJson, readText } from './files.ts';
import type { ParsedArguments } from './flags.ts';
import { UsageError } from './usage-error.ts';

/** What checks tokens, and what clients without one are told. */
export interface TokenDoor extends BearerTokens {
  readonly oauth: ProtectedResource;
}

/** Scopes as headers can have them (RFC 6749, 3.3). */
const SCOPE = /^[\x21\x23-\x5b\x5d-\x7e]+$/;

/** By `--issuers`. @throws {UsageError} for a file that cannot be read, or says what nobody takes. */
export async function readTokens(parsed: ParsedArguments, cwd: string): Promise<TokenDoor | undefined> {
  const file = parsed.one('issuers');
  if (file === undefined) return undefined;
  const document = parseJson(await readText(file, cwd), `--issuers=${file}`);
  const { resource, issuers } = read(document, file);
  const { createBearerTokens } = await import('../../auth/bearer-tokens.ts');
  const tokens = createBearerTokens({
    issuers,
    fetch: (url, init) => fetch(url, init),
    now: Date.now,
    monotonic: () => performance.now(),
  });
  const scopes = [...new Set(issuers.flatMap(({ rules }) => Object.keys(rules)))];
  return {
    ...tokens,
    oauth: {
      resource,
      issuers: issuers.map(({ issuer }) => issuer),
      scopes: scopes.filter((scope) => scope !== '*' && SCOPE.test(scope)),
    },
  };
}

function read(document: unknown, file: string): ReturnType<typeof readIssuers> {
  try {
    return readIssuers(document);
  } catch (error) {
    if (error instanceof TypeError || error instanceof RangeError)
      throw new UsageError(
        `Cannot use --issuers=${file}: ${error.message}`,
        'docs/security.md has an example',
      );
    throw error;
  }
}
