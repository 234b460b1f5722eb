import type { Caller } from '../../vocabulary/caller.ts';
import type { RunError } from '../../vocabulary/errors.ts';
import type { Limits } from '../../vocabulary/limits.ts';
import type { JsonSchema, ToolExample } from '../../vocabulary/manifest.ts';

export interface LoadReport {
  readonly registered: readonly ToolInfo[];
  readonly skipped: readonly SkippedFile[];
}

export interface SkippedFile {
  readonly path: string;
  readonly error: RunError;
  /** It is a tool, kept out because of what it would touch: its manifest does not ask for it, or the policy has none of it. */
  readonly quarantined?: true;
}

/** `own`: of the runtime itself, such as `read_artifact`. `remote`: of a server. */
export type ToolKind = 'component' | 'command' | 'script' | 'trusted' | 'own' | 'remote';

export interface ToolInfo {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly kind: ToolKind;
  readonly trusted: boolean;
  /** Language of a script. */
  readonly language?: string;
  readonly aliases: readonly string[];
  readonly category: string | null;
  readonly tags: readonly string[];
  readonly keywords: readonly string[];
  readonly input: JsonSchema;
  readonly output: JsonSchema | null;
  readonly examples: readonly ToolExample[];
  readonly capabilities: readonly string[];
  readonly limits: Partial<Limits>;
  readonly dangerous: boolean;
  readonly cacheable: boolean;
  readonly idempotent: boolean;
  readonly requiresAuth: boolean;
  /** Variables of the environment that it cannot do without, and what is in them. */
  readonly settings: Readonly<Record<string, string>>;
  readonly pipe: string | null;
  /** Imports of a `.wasm`, as its binary says. */
  readonly imports: readonly string[];
  /** The file it was loaded from. */
  readonly path?: string;
  /** The server that it runs on. */
  readonly server?: string;
  readonly uses: ToolUses;
}

export interface ToolUses {
  readonly count: number;
  readonly failures: number;
  /** Of calls that ran; `null` before one. */
  readonly meanMs: number | null;
  readonly minMs: number | null;
  readonly maxMs: number | null;
}

export interface ToolFilter {
  readonly category?: string;
  readonly tag?: string;
  /** Only tools that need nothing outside of these. */
  readonly permissions?: readonly string[];
  /** Words, as `search` takes them. */
  readonly search?: string;
  readonly caller?: Caller;
}

/** Tools that several runtimes can share; made by `createToolRegistry`. */
export interface ToolRegistry {
  /** Counts changes: what was made of its tools is stale when it moves. */
  readonly version: number;
  readonly size: number;
}
