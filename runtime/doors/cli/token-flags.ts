import type { BearerTokens } from '../../auth/bearer-tokens.ts';
import { type Issuer, readIssuers } from '../../auth/issuers.ts';
import type { Grant } from '../../vocabulary/grant.ts';
import { shownText } from '../../vocabulary/nearest.ts';
import type { ProtectedResource } from '../http/protected-resource.ts';
import { parseJson, readText } from './files.ts';
import type { ParsedArguments } from './flags.ts';
import { absoluteGrant, grantOf } from './grant-flags.ts';
import { UsageError } from './usage-error.ts';

/** What checks tokens, and what clients without one are told. */
export interface TokenDoor extends BearerTokens {
  readonly oauth: ProtectedResource;
  /** Those that rules name: a runtime says whether they are any. */
  readonly grants: readonly Grant[];
}

/** Scopes as headers can have them (RFC 6749, 3.3). */
const SCOPE = /^[\x21\x23-\x5b\x5d-\x7e]+$/;

/** By `--issuers`. @throws {UsageError} for a file that cannot be read, or says what nobody takes. */
export async function readTokens(parsed: ParsedArguments, cwd: string): Promise<TokenDoor | undefined> {
  const file = parsed.one('issuers');
  if (file === undefined) return undefined;
  const document = parseJson(await readText(file, cwd), `--issuers=${file}`);
  const { resource, issuers: given } = read(document, file);
  const issuers = await Promise.all(given.map((issuer) => withFolders(issuer, file, cwd)));
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
    grants: issuers.flatMap(({ rules }) => Object.values(rules).flatMap(({ grant }) => grant ?? [])),
    oauth: {
      resource,
      issuers: issuers.map(({ issuer }) => issuer),
      scopes: scopes.filter((scope) => scope !== '*' && SCOPE.test(scope)),
    },
  };
}

/** Folders of its grants where they are from here. */
async function withFolders(issuer: Issuer, file: string, cwd: string): Promise<Issuer> {
  const rules = await Promise.all(
    Object.entries(issuer.rules).map(async ([role, { grant, ...rule }]) => {
      if (grant === undefined) return [role, rule] as const;
      const where = `--issuers=${file}: the grant of ${shownText(role)}`;
      return [role, { ...rule, grant: await absoluteGrant(grantOf(grant, where), cwd) }] as const;
    }),
  );
  return { ...issuer, rules: Object.fromEntries(rules) };
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
