import type { RunError } from '../../vocabulary/errors.ts';
import type { LoadReport } from './tool-registry.ts';

/** Where tools come from that run elsewhere: a server of MCP, started by a command or reached by a URL, or another tool host. */
export type ToolServer = CommandServer | UrlServer;

interface ServerRules {
  /** Begins the names of its tools here; may be empty. @default its name and `_` */
  readonly prefix?: string;
  /** Only these of its tools, by their names there; `*` stands for any characters. @default all */
  readonly only?: readonly string[];
  /** These ask before they run, by their names there, beside those that say of themselves that they destroy. */
  readonly dangerous?: readonly string[];
  /** From the start until it has told its tools, ms, 1..600_000. @default 10_000 */
  readonly connectTimeoutMs?: number;
  /** Tools, 1..2_000; those beyond it are left out, and told. @default 200 */
  readonly maxTools?: number;
  /** One message of it, bytes, 1_024..67_108_864. @default 8 MiB */
  readonly maxMessageBytes?: number;
  /**
   * Its tools have no prefix, and stand beside those of the same name here. `local`: only those here are called; `hybrid`: first those here;
   * `remote`: first those there. A failure that may pass is tried at the other place, a refusal never. @default a prefix, and no such pairs
   */
  readonly routing?: Routing;
}

export type Routing = 'local' | 'remote' | 'hybrid';

/** A process that speaks MCP over its pipes. Where there are no processes: UNSUPPORTED. */
export interface CommandServer extends ServerRules {
  readonly command: string;
  readonly args?: readonly string[];
  /** All that it has of an environment, beside PATH; a secret of the runtime by its name. */
  readonly env?: Readonly<Record<string, string | { readonly secret: string }>>;
  /** @default the folder of this process */
  readonly cwd?: string;
}

export interface UrlServer extends ServerRules {
  /** `https:`, or `http:` on a network that is trusted. Exactly this origin is dialled, by the rules of `http`; redirects are not followed. */
  readonly url: string | URL;
  /** `mcp`: streamable HTTP; `sandglass`: the API of `sandglass serve`; `arcade`: the API of Arcade. @default 'mcp' */
  readonly kind?: 'mcp' | 'sandglass' | 'arcade';
  /** Sent with each request. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Name of a secret of the runtime that becomes a header of each request. */
  readonly secret?: string;
  /** For whom tools of `arcade` act. @default the caller's id */
  readonly user?: string;
  /** How a server of `mcp` is signed in to that asks for it; `true`: with what is usual. @default it is not: 401 is a failure */
  readonly oauth?: true | ServerSignIn;
}

/**
 * OAuth 2.1 as MCP has it: who gives tokens is found by the server's metadata; authorization code with PKCE, tokens refreshed where they
 * are over.
 */
export interface ServerSignIn {
  /** As it is registered there; an https URL is that of its own metadata. @default it registers itself */
  readonly clientId?: string;
  /** Name of a bearer secret of the runtime: it goes to `issuer`, and nowhere else. */
  readonly clientSecret?: string;
  /** Who alone may give tokens, to the letter; needed with `clientSecret`. @default whom the server names */
  readonly issuer?: string;
  /** @default what the server asks for */
  readonly scopes?: readonly string[];
  /** Where the person's browser comes back. @default 'http://127.0.0.1/callback' */
  readonly redirectUrl?: string | URL;
  /** `machine`: by the client's own credentials, without a person. @default 'code' */
  readonly flow?: 'code' | 'machine';
  /**
   * Takes a person to a URL, within `connectTimeoutMs`, and answers the URL that their browser came back with.
   * @default nobody is asked: tokens come from `store`
   */
  readonly authorize?: (url: URL) => Promise<string | URL>;
  /** Keeps tokens, as one text that it should seal. @default in memory */
  readonly store?: SignInStore;
}

export interface SignInStore {
  get(): Promise<string | undefined>;
  set(text: string): Promise<void>;
}

/** A server as it is now. */
export interface ToolServerInfo {
  readonly name: string;
  readonly kind: 'mcp' | 'sandglass' | 'arcade';
  /**
   * `connecting`: it was not heard yet; `ready`; `held`: it changed what it told of tools, and nobody has confirmed it; `failed`: it could not be
   * reached, and is tried again with the next call.
   */
  readonly state: 'connecting' | 'ready' | 'held' | 'failed';
  /** What it calls itself, and the revision of the protocol. */
  readonly server?: { readonly name?: string; readonly version?: string; readonly revision?: string };
  /** Names here. */
  readonly tools: readonly string[];
  readonly skipped: readonly { readonly tool: string; readonly error: RunError }[];
  /** What is to be confirmed. */
  readonly changes: readonly ToolServerChange[];
  readonly error?: RunError;
}

export interface ToolServerChange {
  /** Its name there. */
  readonly tool: string;
  readonly kind: 'changed' | 'added';
  /** What it says now. */
  readonly description: string;
  /** SHA-256 of description and schemas that was confirmed, and that it has now. */
  readonly was?: string;
  readonly is: string;
}

/** `runtime.tools.servers`. */
export interface ToolServersApi {
  list(): readonly ToolServerInfo[];
  /**
   * Connects, and registers its tools. What cannot be reached or registered is told, not thrown.
   * @throws {TypeError | RangeError} on misuse. @throws {SandglassError} UNSUPPORTED where there is no way to it.
   * @example await runtime.tools.servers.mount('weather', { command: 'npx', args: ['-y', 'weather-server'] });
   */
  mount(name: string, server: ToolServer): Promise<LoadReport>;
  /** Takes its tools away and ends the connection; calls that go on fail. Answers whether there was one. */
  unmount(name: string): Promise<boolean>;
  /** Takes what a server tells now for what it should. Answers what it is then. @throws {SandglassError} TOOL_NOT_FOUND for a name that none has. */
  confirm(name: string): Promise<ToolServerInfo>;
}
