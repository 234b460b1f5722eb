import type { JsonSchema } from '../vocabulary/manifest.ts';

/** What a `.wasm` says of itself as a tool, read without running it. */
export interface Described {
  readonly kind: 'component' | 'command';
  /** JSON text of the section `sandglass:manifest`. */
  readonly manifest: string | undefined;
  /** It is of our world `tool`: called with JSON. */
  readonly isTool: boolean;
  readonly imports: readonly string[];
  /** Functions that it exports, with schemas made of their types. */
  readonly exports: readonly ExportedTool[];
  /** Functions of which no tool can be made, for they take or give handles of resources: a handle ends with its call. */
  readonly handles: readonly string[];
}

/** An exported function of a component. */
export interface ExportedTool {
  /** As a tool is called: letters, digits, `.`, `_`, `-`. */
  readonly name: string;
  readonly input: JsonSchema;
  readonly output: JsonSchema | undefined;
  readonly call: ExportedCall;
}

export interface ExportedCall {
  /** As a run's `invoke` takes it. */
  readonly invoke: string;
  /** Names of its parameters, in their order. */
  readonly params: readonly string[];
}
