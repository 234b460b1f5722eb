import type { Secret } from '../../contracts/host-function.ts';
import type { ServerPowers } from '../../contracts/server-powers.ts';
import type { JsonObject } from '../../vocabulary/json.ts';
import type { ServerSettings } from './read-server.ts';

/** One connection to where tools run. Every kind of server is behind it, and passes one suite. */
export interface ToolHost {
  readonly about: { readonly name?: string; readonly version?: string; readonly revision?: string };
  /** All that it offers, at most `maxTools` and one more. @throws {SandglassError} HOST_CALL_FAILED */
  list(signal: AbortSignal): Promise<readonly HostTool[]>;
  /** What the tool answered. @throws {SandglassError} */
  call(tool: string, args: JsonObject, call: HostCall): Promise<unknown>;
  close(): Promise<void>;
}

export interface HostTool {
  readonly name: string;
  readonly description: string;
  readonly input: JsonObject;
  readonly output?: JsonObject;
  readonly destructive?: boolean;
  /** The same call twice does no more than once. */
  readonly idempotent?: boolean;
}

export interface HostCall {
  readonly signal: AbortSignal;
  readonly remainingMs: () => number;
  readonly callId: string;
  /** Id of who calls. */
  readonly caller: string | undefined;
  readonly onProgress: (progress: HostProgress) => void;
}

export interface HostProgress {
  readonly progress: number;
  readonly total?: number;
  readonly message?: string;
}

export interface HostOpening {
  readonly settings: ServerSettings;
  readonly powers: ServerPowers;
  readonly secret: (name: string) => Secret | undefined | Promise<Secret | undefined>;
  /** It says that its tools are others now. */
  readonly onChange: () => void;
  /** The connection is gone. */
  readonly onClosed: (reason: string) => void;
}

export type OpenHost = (opening: HostOpening, signal: AbortSignal) => Promise<ToolHost>;
