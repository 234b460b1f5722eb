import type { Routing, ServerSignIn, SignInStore, ToolServer } from '../../contracts/api/tool-servers.ts';
import { defined } from '../../vocabulary/defined.ts';
import { shownText, unknownName } from '../../vocabulary/nearest.ts';
import { refuseUnknown, wholeNumber } from '../../vocabulary/read-options.ts';

/** A server, checked, with its defaults. */
export interface ServerSettings {
  readonly name: string;
  readonly prefix: string;
  readonly only: readonly string[] | undefined;
  readonly dangerous: readonly string[];
  readonly connectTimeoutMs: number;
  readonly maxTools: number;
  readonly maxMessageBytes: number;
  readonly routing: Routing | undefined;
  readonly at: CommandPlace | UrlPlace;
}

export interface CommandPlace {
  readonly kind: 'mcp';
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | { readonly secret: string }>>;
  readonly cwd: string | undefined;
}

export interface UrlPlace {
  readonly kind: 'mcp' | 'sandglass' | 'arcade';
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly secret: string | undefined;
  readonly user: string | undefined;
  readonly signIn: SignInSettings | undefined;
}

/** How it is signed in to, with its defaults. */
export interface SignInSettings
  extends Pick<ServerSignIn, 'clientId' | 'clientSecret' | 'issuer' | 'authorize'> {
  readonly scopes: readonly string[];
  readonly redirectUrl: URL;
  readonly flow: 'code' | 'machine';
  readonly store: SignInStore;
}

const RULES = {
  prefix: true,
  only: true,
  dangerous: true,
  connectTimeoutMs: true,
  maxTools: true,
  maxMessageBytes: true,
  routing: true,
} as const;
const NAME = /^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$/;
const PREFIX = /^(?:[A-Za-z0-9][A-Za-z0-9._-]{0,31})?$/;
const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]{0,255}$/;
const HEADER = /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}$/;
const KINDS = ['mcp', 'sandglass', 'arcade'];
const ROUTINGS = ['local', 'remote', 'hybrid'];

/** @throws {TypeError | RangeError} naming the option. */
export function readServer(name: string, given: ToolServer): ServerSettings {
  if (!NAME.test(name))
    throw new TypeError(
      `Cannot use the server ${shownText(name)}: its name has 1 to 32 letters, digits, - and _`,
    );
  const what = `use the server ${name}`;
  const fail = (reason: string): TypeError => new TypeError(`Cannot ${what}: ${reason}`);
  if (typeof given !== 'object' || given === null) throw fail('expected an object');
  const hasCommand = 'command' in given;
  if (hasCommand === 'url' in given) throw fail('expected either command or url');
  const routing = given.routing;
  if (routing !== undefined && !ROUTINGS.includes(routing))
    throw unknownName(`${what}: unknown routing`, String(routing), ROUTINGS);
  const prefix = given.prefix ?? (routing === undefined ? `${name}_` : '');
  if (typeof prefix !== 'string' || !PREFIX.test(prefix))
    throw fail(
      'prefix has at most 32 letters, digits, ".", "_" and "-", and begins with one of the first two',
    );
  return {
    name,
    prefix,
    only: given.only === undefined ? undefined : textsOf(given.only, 'only', fail),
    dangerous: textsOf(given.dangerous ?? [], 'dangerous', fail),
    connectTimeoutMs:
      wholeNumber(given.connectTimeoutMs, `${what}: connectTimeoutMs`, {
        minimum: 1,
        maximum: 600_000,
        unit: 'ms',
      }) ?? 10_000,
    maxTools: wholeNumber(given.maxTools, `${what}: maxTools`, { minimum: 1, maximum: 2_000 }) ?? 200,
    maxMessageBytes:
      wholeNumber(given.maxMessageBytes, `${what}: maxMessageBytes`, {
        minimum: 1_024,
        maximum: 67_108_864,
        unit: 'bytes',
      }) ?? 8_388_608,
    routing,
    at: hasCommand ? commandOf(given, what, fail) : urlOf(given, what, fail),
  };
}

type Fail = (reason: string) => TypeError;

function commandOf(given: Extract<ToolServer, { command: string }>, what: string, fail: Fail): CommandPlace {
  refuseUnknown(given, { ...RULES, command: true, args: true, env: true, cwd: true }, what);
  const { command, cwd, env = {} } = given;
  if (typeof command !== 'string' || command === '' || command.includes('\0'))
    throw fail('command is not the name of a program');
  if (cwd !== undefined && typeof cwd !== 'string') throw fail('cwd is not a folder');
  for (const [name, value] of Object.entries(env)) {
    const isSecret = typeof value === 'object' && value !== null && typeof value.secret === 'string';
    if (!VARIABLE.test(name) || !(isSecret || (typeof value === 'string' && !value.includes('\0'))))
      throw fail(`env: ${shownText(name)} is not a variable with a text or a secret`);
  }
  return { kind: 'mcp', command, args: textsOf(given.args ?? [], 'args', fail), env: { ...env }, cwd };
}

function urlOf(given: Extract<ToolServer, { url: string | URL }>, what: string, fail: Fail): UrlPlace {
  refuseUnknown(
    given,
    { ...RULES, url: true, kind: true, headers: true, secret: true, user: true, oauth: true },
    what,
  );
  const { kind = 'mcp', headers = {}, secret, user } = given;
  if (!KINDS.includes(kind)) throw unknownName(`${what}: unknown kind`, String(kind), KINDS);
  if (!URL.canParse(given.url)) throw fail('url is not an absolute URL');
  const url = new URL(given.url);
  if (url.protocol !== 'https:' && url.protocol !== 'http:')
    throw new RangeError(`Cannot ${what}: url begins with ${url.protocol}, not with https: or http:`);
  if (url.username !== '' || url.password !== '')
    throw fail('url has a password in it; name a secret of the runtime instead');
  for (const [name, value] of Object.entries(headers))
    if (!HEADER.test(name) || typeof value !== 'string' || /[^\t\x20-\x7e\x80-\xff]/.test(value))
      throw fail(`headers: ${shownText(name)} is not a header`);
  if (secret !== undefined && typeof secret !== 'string') throw fail('secret is not the name of one');
  if (user !== undefined && typeof user !== 'string') throw fail('user is not a text');
  if (given.oauth !== undefined && (kind !== 'mcp' || secret !== undefined))
    throw fail('oauth is of servers of MCP, in place of a secret');
  return {
    kind,
    url,
    headers: { ...headers },
    secret,
    user,
    signIn: given.oauth === undefined ? undefined : signInOf(given.oauth, what, fail),
  };
}

const SIGN_IN = {
  clientId: true,
  clientSecret: true,
  issuer: true,
  scopes: true,
  redirectUrl: true,
  flow: true,
  authorize: true,
  store: true,
} as const;

function signInOf(given: true | ServerSignIn, what: string, fail: Fail): SignInSettings {
  const options: ServerSignIn = given === true ? {} : given;
  if (typeof options !== 'object' || options === null) throw fail('oauth is neither true nor an object');
  refuseUnknown(options, SIGN_IN, `${what}: oauth`);
  const { clientId, clientSecret, issuer, scopes = [], flow = 'code', authorize, store } = options;
  for (const [field, text] of Object.entries({ clientId, clientSecret, issuer }))
    if (text !== undefined && (typeof text !== 'string' || text === ''))
      throw fail(`oauth.${field} is not a text`);
  if (flow !== 'code' && flow !== 'machine')
    throw unknownName(`${what}: unknown oauth.flow`, String(flow), ['code', 'machine']);
  if (clientSecret !== undefined && (issuer === undefined || clientId === undefined))
    throw fail('oauth.clientSecret needs clientId, and issuer: who may be shown it');
  if (flow === 'machine' && clientSecret === undefined) throw fail('oauth.flow "machine" needs clientSecret');
  if (authorize !== undefined && typeof authorize !== 'function')
    throw fail('oauth.authorize is not a function');
  if (store !== undefined && (typeof store?.get !== 'function' || typeof store.set !== 'function'))
    throw fail('oauth.store has no get and set');
  const redirect = options.redirectUrl ?? 'http://127.0.0.1/callback';
  if (!URL.canParse(redirect)) throw fail('oauth.redirectUrl is not an absolute URL');
  return {
    ...defined({ clientId, clientSecret, issuer, authorize }),
    scopes: textsOf(scopes, 'oauth.scopes', fail),
    redirectUrl: new URL(redirect),
    flow,
    store: store ?? inMemory(),
  };
}

function inMemory(): SignInStore {
  let kept: string | undefined;
  return {
    get: async () => kept,
    set: async (text) => {
      kept = text;
    },
  };
}

function textsOf(given: unknown, field: string, fail: Fail): readonly string[] {
  if (!Array.isArray(given) || given.length > 1_000 || !given.every((item) => typeof item === 'string'))
    throw fail(`${field} is not a list of texts`);
  return [...given];
}
