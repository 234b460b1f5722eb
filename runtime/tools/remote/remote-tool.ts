import type { ToolHandler } from '../../contracts/api/tool-handler.ts';
import type { Routing } from '../../contracts/api/tool-servers.ts';
import type { SandglassError } from '../../vocabulary/errors.ts';
import type { JsonObject } from '../../vocabulary/json.ts';
import type { HostCall } from './tool-host.ts';

/** What a call of a tool does that runs elsewhere. */
export interface RemoteTool {
  /** Name of its server. */
  readonly server: string;
  readonly routing: Routing | undefined;
  /** Why it may not be called as things stand. */
  held(): SandglassError | undefined;
  call(args: JsonObject, call: HostCall): Promise<unknown>;
}

/** Marks one. Nobody outside has it, so nobody else makes any. */
export const REMOTE: unique symbol = Symbol('remote');

export const remoteHandler = (tool: RemoteTool): ToolHandler =>
  ({ [REMOTE]: tool }) as unknown as ToolHandler; // the registrar knows the mark
