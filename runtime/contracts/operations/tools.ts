import type { RunIdentity } from '../../vocabulary/caller.ts';
import type { JsonObject, JsonValue } from '../../vocabulary/json.ts';
import type { JsonSchema, ToolExample } from '../../vocabulary/manifest.ts';
import type { ToolOutcome } from '../api/tool-call.ts';
import type { ToolMatch } from '../api/tool-select.ts';

/** What guests ask of the host function `tools`: operation → its arguments. */
export interface ToolsOperations {
  /** Answers `ToolAnswer`; a failure is the error of the call, with its own code. */
  'tools.call': { readonly name: string; readonly args: JsonObject };
  /** Answers a list of `ToolMatch`, of what the grant names only. */
  'tools.search': { readonly query: string; readonly limit?: number };
  /** Answers a `ToolDescription`. */
  'tools.describe': { readonly name: string; readonly language?: 'typescript' | 'python' };
}

/** What a guest gets of a call. */
export interface ToolAnswer {
  /** JSON form of the value; null where there is none. */
  readonly value: JsonValue;
}

export interface ToolDescription {
  readonly name: string;
  readonly description: string;
  readonly input: JsonSchema;
  readonly output: JsonSchema | null;
  readonly examples: readonly ToolExample[];
  /** As in a prompt. */
  readonly signature: string;
}

/** What the host function `tools` is handed: it imports no tools. */
export interface ToolsPort {
  /** The whole pipeline, within the run that asks: its caller, its budget, its end. Never rejects. */
  call(
    name: string,
    args: unknown,
    asking: { readonly run: RunIdentity; readonly signal: AbortSignal },
  ): Promise<ToolOutcome>;
  /** @param granted Whether the grant of the run names a tool. */
  search(
    query: string,
    options: {
      readonly limit?: number;
      readonly run: RunIdentity;
      readonly granted: (name: string) => boolean;
    },
  ): readonly ToolMatch[];
  /** `undefined` for a name that none has, or that the caller may not use. */
  describe(
    name: string,
    asking: { readonly run: RunIdentity; readonly language: 'typescript' | 'python' },
  ): ToolDescription | undefined;
}
