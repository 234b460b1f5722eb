import type { Caller } from '../../vocabulary/caller.ts';
import type { JsonObject } from '../../vocabulary/json.ts';
import type { JsonSchema } from '../../vocabulary/manifest.ts';

export interface ToolSearchOptions {
  /** 1..100. @default 10 */
  readonly limit?: number;
  readonly caller?: Caller;
}

export interface ToolMatch {
  readonly name: string;
  readonly description: string;
  readonly score: number;
}

export interface SignatureOptions {
  readonly format: 'typescript' | 'python';
  /** Names or patterns like `web_*`. @default all */
  readonly names?: readonly string[];
  readonly caller?: Caller;
  /** Also dangerous ones. @default false */
  readonly dangerous?: boolean;
}

export type ModelFormat = 'openai' | 'anthropic' | 'mcp';

export interface ForModelOptions<F extends ModelFormat = ModelFormat> {
  readonly format: F;
  /** Names or patterns. @default all */
  readonly names?: readonly string[];
  readonly caller?: Caller;
  /** Also dangerous ones. @default false */
  readonly dangerous?: boolean;
  /** Anthropic only: who may call, e.g. `code_execution_20250825`. */
  readonly allowedCallers?: readonly string[];
  /** Anthropic only: found by the model's own tool search, not loaded ahead. */
  readonly deferLoading?: boolean;
}

/** Arguments are an object by their names: the APIs want that said. */
export type ObjectSchema = JsonSchema & { readonly type: 'object' };

/** By format: one tool as that API takes it. */
export interface ModelTool {
  readonly openai: {
    readonly type: 'function';
    readonly function: {
      readonly name: string;
      readonly description: string;
      readonly parameters: ObjectSchema;
    };
  };
  readonly anthropic: {
    readonly name: string;
    readonly description: string;
    readonly input_schema: ObjectSchema;
    readonly input_examples?: readonly JsonObject[];
    readonly allowed_callers?: readonly string[];
    readonly defer_loading?: boolean;
  };
  readonly mcp: {
    readonly name: string;
    readonly title?: string;
    readonly description: string;
    readonly inputSchema: ObjectSchema;
    readonly outputSchema?: JsonSchema;
    readonly annotations: {
      readonly readOnlyHint: boolean;
      readonly destructiveHint: boolean;
      readonly idempotentHint: boolean;
      readonly openWorldHint: boolean;
    };
  };
}
