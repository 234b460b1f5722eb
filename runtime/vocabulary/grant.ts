import type { BrowserGrant } from './grants/browser.ts';
import type { FsGrant } from './grants/fs.ts';
import type { HttpGrant } from './grants/http.ts';
import type { KvGrant } from './grants/kv.ts';
import type { RunGrant } from './grants/run.ts';
import type { SessionGrant } from './grants/session.ts';
import type { SqlGrant } from './grants/sql.ts';
import type { ToolsGrant } from './grants/tools.ts';
import type { WsGrant } from './grants/ws.ts';
import type { JsonValue } from './json.ts';
import type { Limits } from './limits.ts';

/**
 * The only things one run can touch. An absent part is denied. A field that is not known here, and a `custom` name that no registered host
 * function has, is an error.
 */
export interface Grant {
  readonly fs?: readonly FsGrant[];
  readonly http?: readonly HttpGrant[];
  readonly ws?: readonly WsGrant[];
  readonly sql?: readonly SqlGrant[];
  readonly kv?: readonly KvGrant[];
  readonly session?: SessionGrant;
  readonly browser?: BrowserGrant;
  readonly tools?: ToolsGrant;
  readonly run?: RunGrant;
  /** The guest's whole environment. */
  readonly env?: Readonly<Record<string, string>>;
  readonly limits?: Partial<Limits>;
  /** Parts of host functions that the embedder registered, by their name; plain JSON. */
  readonly custom?: Readonly<Record<string, JsonValue>>;
}
