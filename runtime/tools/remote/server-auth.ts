import type {
  OAuthClientProvider,
  OAuthDiscoveryState,
  OAuthTokens,
  StoredOAuthClientInformation,
  StoredOAuthTokens,
} from '@modelcontextprotocol/client';
import type { SignInStore } from '../../contracts/api/tool-servers.ts';
import type { Secret } from '../../contracts/host-function.ts';
import { toBase64Url } from '../../vocabulary/base64.ts';
import { defined } from '../../vocabulary/defined.ts';
import type { SandglassError } from '../../vocabulary/errors.ts';
import type { ServerSettings, SignInSettings } from './read-server.ts';
import { noSecret, unreachable } from './remote-errors.ts';

/** Signs in to one server that asks for it; the client of the protocol does the steps of OAuth. */
export interface ServerAuth {
  readonly provider: OAuthClientProvider;
  /** What the person's browser came back with, once. */
  takeAnswer(): URLSearchParams | undefined;
  /** Texts that would give a token away. */
  traces(): readonly string[];
}

export interface ServerAuthOptions {
  readonly settings: Pick<ServerSettings, 'name'>;
  readonly signIn: SignInSettings;
  readonly url: URL;
  readonly secret: (name: string) => Secret | undefined | Promise<Secret | undefined>;
}

/** What is kept from one process to the next, by who gave it. */
interface Kept {
  /** The server that they are for: of another one that has its name by now they say nothing. */
  readonly server: string;
  readonly latest?: string;
  readonly clients: Readonly<Record<string, StoredOAuthClientInformation>>;
  readonly tokens: Readonly<Record<string, StoredOAuthTokens>>;
}

const LOOPBACK = ['localhost', '127.0.0.1', '[::1]'];

export function createServerAuth({ settings, signIn, url, secret }: ServerAuthOptions): ServerAuth {
  const { name } = settings;
  const { authorize, store, redirectUrl, scopes, issuer, flow } = signIn;
  const isClientUrl = signIn.clientId?.startsWith('https://') === true;
  const given = isClientUrl ? undefined : signIn.clientId;
  let state = '';
  let verifier = '';
  let answer: URLSearchParams | undefined;
  let discovered: OAuthDiscoveryState | undefined; // where the answer is exchanged, and nowhere else
  const shown = new Set<string>();
  const { load, change } = createKeeper(store, url.href, shown);
  const scope = scopes.length === 0 ? {} : { scope: scopes.join(' ') };

  const provider: OAuthClientProvider = {
    redirectUrl: flow === 'machine' ? undefined : redirectUrl.href,
    ...(isClientUrl && signIn.clientId !== undefined ? { clientMetadataUrl: signIn.clientId } : {}),
    clientMetadata: {
      client_name: 'Sandglass',
      redirect_uris: flow === 'machine' ? [] : [redirectUrl.href],
      grant_types: flow === 'machine' ? ['client_credentials'] : ['authorization_code', 'refresh_token'],
      response_types: flow === 'machine' ? [] : ['code'],
      ...scope,
    },
    state() {
      state = toBase64Url(crypto.getRandomValues(new Uint8Array(32)));
      return state;
    },
    async clientInformation(context) {
      const from = context?.issuer;
      // Who may give tokens was said: to nobody else goes a name, a secret, or a person.
      if (issuer !== undefined && from !== undefined && from !== issuer)
        throw refused(name, `it names ${from.slice(0, 200)} as the one that gives tokens, not ${issuer}`);
      if (given === undefined) return from === undefined ? undefined : (await load()).clients[from];
      const known = { client_id: given, ...defined({ issuer }) };
      if (signIn.clientSecret === undefined) return known;
      const found = await secret(signIn.clientSecret);
      if (found?.kind !== 'bearer') throw noSecret(name, signIn.clientSecret);
      shown.add(found.token);
      return { ...known, client_secret: found.token };
    },
    async saveClientInformation(client, context) {
      const from = context?.issuer ?? '';
      await change((kept) => ({ ...kept, clients: { ...kept.clients, [from]: client } }));
    },
    async tokens(context) {
      const { latest, tokens } = await load();
      const from = context?.issuer ?? latest;
      return from === undefined ? undefined : tokens[from];
    },
    async saveTokens(tokens: OAuthTokens, context) {
      discovered = undefined;
      const from = context?.issuer ?? '';
      await change((kept) => ({ ...kept, latest: from, tokens: { ...kept.tokens, [from]: tokens } }));
    },
    async redirectToAuthorization(where) {
      if (!isPlace(where, url)) throw refused(name, `it sends people to ${where.origin}, which is not https`);
      if (authorize === undefined) return; // whoever asked is told that nobody is signed in
      const back = new URL(String(await authorize(where)), redirectUrl);
      const found = back.searchParams;
      if (state === '' || found.get('state') !== state)
        throw refused(name, 'the browser came back with the answer to another question');
      state = '';
      answer = found;
    },
    saveCodeVerifier(text) {
      verifier = text;
    },
    codeVerifier: () => verifier,
    saveDiscoveryState(found) {
      discovered = found;
    },
    discoveryState: () => discovered,
    async invalidateCredentials(what) {
      if (what === 'discovery' || what === 'all') discovered = undefined;
      if (what === 'verifier' || what === 'all') verifier = '';
      if (what === 'tokens' || what === 'all') await change((kept) => ({ ...kept, tokens: {} }));
      if (what === 'client' || what === 'all') await change((kept) => ({ ...kept, clients: {} }));
    },
    ...(flow === 'machine'
      ? {
          prepareTokenRequest: (asked?: string) => {
            const wanted = asked ?? scope.scope;
            return new URLSearchParams({
              grant_type: 'client_credentials',
              ...defined({ scope: wanted }),
            });
          },
        }
      : {}),
  };
  return {
    provider,
    takeAnswer() {
      const taken = answer;
      answer = undefined;
      return taken;
    },
    traces: () => [...shown],
  };
}

/** What is kept, read once. @param shown Takes every token that was seen. */
function createKeeper(store: SignInStore, server: string, shown: Set<string>) {
  let read: Promise<Kept> | undefined;
  const load = (): Promise<Kept> => {
    read ??= store.get().then((text) => readKept(text, server));
    return read.then((kept) => {
      for (const { access_token, refresh_token } of Object.values(kept.tokens))
        for (const token of [access_token, refresh_token]) if (token !== undefined) shown.add(token);
      return kept;
    });
  };
  return {
    load,
    async change(next: (kept: Kept) => Kept): Promise<void> {
      const kept = next(await load());
      read = Promise.resolve(kept);
      await store.set(JSON.stringify(kept));
    },
  };
}

/** Where a server may send requests for tokens, or a person: https by a name, or this machine where the server is on it, too. */
export function isPlace(place: URL, server: URL): boolean {
  const isOwn = LOOPBACK.includes(place.hostname);
  if (isOwn) return LOOPBACK.includes(server.hostname) && /^https?:$/.test(place.protocol);
  return place.protocol === 'https:' && !place.hostname.startsWith('[') && !/^[\d.]+$/.test(place.hostname);
}

const refused = (name: string, told: string): SandglassError =>
  unreachable('sign in to', name, { reason: 'refused', told, retryable: false });

/** What a store gives back is what was put there, or nothing of ours. */
function readKept(text: string | undefined, server: string): Kept {
  const nothing: Kept = { server, clients: {}, tokens: {} };
  if (text === undefined) return nothing;
  try {
    const { server: of, latest, clients, tokens } = JSON.parse(text) as Partial<Kept>;
    return of === server && typeof clients === 'object' && typeof tokens === 'object'
      ? { server, ...defined({ latest }), clients, tokens }
      : nothing;
  } catch {
    return nothing;
  }
}
