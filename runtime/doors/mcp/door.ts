import type { Runtime } from '../../contracts/api/runtime.ts';
import type { Caller } from '../../vocabulary/caller.ts';
import type { Grant } from '../../vocabulary/grant.ts';
import type { ArtifactBook } from '../../work/artifact-book.ts';
import type { RunService } from '../../work/run-service.ts';
import type { McpOffers } from './offers.ts';

/** What all servers of one MCP door share, whatever carries their messages. */
export interface McpDoor {
  readonly tools: Runtime['tools'];
  readonly runs: RunService;
  readonly artifacts: ArtifactBook;
  /** Of this product. */
  readonly version: string;
  /** Told to clients when they connect. */
  readonly instructions?: string | undefined;
  /** Narrows the policy for every call. @default the policy alone */
  readonly grant?: Grant | undefined;
  /** In place of the tools: `run_code` and `search_tools`; what code may touch beside tools. @default the tools themselves */
  readonly code?: { readonly grant: Omit<Grant, 'tools'> } | undefined;
  /** Dangerous tools run without a question. @default false */
  readonly confirmed?: boolean | undefined;
  /** How long a call goes on until a client that knows tasks is given one, ms. @default 2_000 */
  readonly taskAfterMs?: number | undefined;
  /** Prompts and resources of the embedder. @default none */
  readonly offers?: McpOffers | undefined;
  /** Told of errors that are bugs. */
  readonly onFault: (error: unknown) => void;
}

/** Who speaks. */
export interface Speaker {
  /** `undefined` for the embedder. */
  readonly caller: Caller | undefined;
  /** Whether a tool of this name is for them. */
  readonly may: (tool: string) => boolean;
}

/** Tools that a caller can use as things stand: what would be refused is not offered. */
export function usableTools({ tools, grant, code }: McpDoor, { caller, may }: Speaker): readonly string[] {
  const who = caller === undefined ? {} : { caller };
  const granted = grant === undefined ? {} : { grant };
  return tools
    .list(who)
    .filter(
      ({ name, dangerous }) =>
        may(name) && !(code !== undefined && dangerous) && tools.check(name, { ...who, ...granted }).allowed,
    )
    .map(({ name }) => name);
}
