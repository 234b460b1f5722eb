import { refuseUnknownField } from '../vocabulary/read-options.ts';
import { objectOf, textOf, textsOf, urlOf } from './read-fields.ts';

/** A service that users sign in to, so that tools act for them there. */
export interface Provider {
  /** 1 to 32 letters, digits, `-`, `_`. Also the name of the secret that a grant's `http` entry names: `github`, `github.repo` for a scope. */
  readonly name: string;
  /** Its metadata are asked for, where its addresses are not given. */
  readonly issuer: string;
  readonly authorization?: string;
  readonly token?: string;
  readonly clientId: string;
  /** The client's own secret; absent for a public client. Never in a file: the file names a variable. */
  readonly clientSecret: string | undefined;
  /** Where the browser comes back: the route `/v1/auth/callback` of this server as browsers write it. */
  readonly redirect: string;
  /** Scopes that users may be asked for. */
  readonly scopes: readonly string[];
  /** Sent with each request for tokens, where the service wants to know what they are for (RFC 8707). */
  readonly resource?: string;
}

const FIELDS = {
  name: true,
  issuer: true,
  authorization: true,
  token: true,
  clientId: true,
  clientSecret: true,
  redirect: true,
  scopes: true,
  resource: true,
};

/**
 * Reads `{ "redirect": URL, "providers": [...] }`.
 * @param env What `clientSecret` names.
 * @throws {TypeError} naming the field that is wrong.
 */
export function readProviders(
  value: unknown,
  env: Readonly<Record<string, string | undefined>>,
): readonly Provider[] {
  const document = objectOf(value, 'oauth');
  refuseUnknownField(document, { $schema: true, redirect: true, providers: true }, 'oauth');
  const { providers } = document;
  const redirect = urlOf(document.redirect, 'redirect');
  if (!Array.isArray(providers) || providers.length === 0 || providers.length > 100)
    throw new TypeError('Cannot read oauth: expected "providers", a list of 1 to 100');
  const read = providers.map((one, index) => readProvider(one, redirect, env, `providers[${index}]`));
  if (new Set(read.map(({ name }) => name)).size < read.length)
    throw new TypeError('Cannot read oauth: two providers have the same name');
  return read;
}

function readProvider(
  value: unknown,
  redirect: string,
  env: Readonly<Record<string, string | undefined>>,
  where: string,
): Provider {
  const given = objectOf(value, where);
  refuseUnknownField(given, FIELDS, where);
  const name = textOf(given.name, `${where}.name`, 32);
  if (!/^[\w-]+$/.test(name))
    throw new TypeError(`Cannot read ${where}.name: expected letters, digits, - and _`);
  if ((given.authorization === undefined) !== (given.token === undefined))
    throw new TypeError(`Cannot read ${where}: give both "authorization" and "token", or neither`);
  const url = (field: 'authorization' | 'token' | 'resource'): object =>
    given[field] === undefined ? {} : { [field]: urlOf(given[field], `${where}.${field}`) };
  return {
    name,
    issuer: urlOf(given.issuer, `${where}.issuer`),
    ...url('authorization'),
    ...url('token'),
    ...url('resource'),
    clientId: textOf(given.clientId, `${where}.clientId`, 512),
    clientSecret:
      given.clientSecret === undefined
        ? undefined
        : secretOf(given.clientSecret, env, `${where}.clientSecret`),
    redirect: given.redirect === undefined ? redirect : urlOf(given.redirect, `${where}.redirect`),
    scopes: given.scopes === undefined ? [] : textsOf(given.scopes, `${where}.scopes`),
  };
}

function secretOf(value: unknown, env: Readonly<Record<string, string | undefined>>, where: string): string {
  const name = textOf(value, where, 128);
  const secret = /^[A-Z][A-Z0-9_]*$/.test(name) && Object.hasOwn(env, name) ? env[name] : undefined;
  if (secret !== undefined && secret !== '') return secret;
  // The text is not shown: somebody may have put the secret itself there.
  throw new TypeError(`Cannot read ${where}: it does not name a variable of the environment that is set`);
}
