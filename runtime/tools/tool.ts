import type { ScriptHandler, TrustedTool } from '../contracts/api/tool-handler.ts';
import type { ToolKind } from '../contracts/api/tool-registry.ts';
import type { ExportedCall } from '../contracts/described-tool.ts';
import type { PrebuiltComponent } from '../contracts/engine.ts';
import type { CheckedManifest } from './manifest/read-manifest.ts';
import type { OwnTool } from './own-tools.ts';
import type { RemoteTool } from './remote/remote-tool.ts';
import type { UseCounter } from './use-counter.ts';

/** What a call of a tool does. */
export type Body =
  | { readonly kind: 'script'; readonly script: ScriptHandler }
  | { readonly kind: 'trusted'; readonly run: TrustedTool }
  /** Of the runtime itself: it does what the runtime does, and reaches no more. */
  | { readonly kind: 'own'; readonly run: OwnTool }
  /** On a server: nothing of it runs here. */
  | { readonly kind: 'remote'; readonly remote: RemoteTool }
  | {
      readonly kind: 'component';
      readonly module: ModuleSource;
      /** An export of it, where it is not of our world. */
      readonly exported: ExportedCall | undefined;
    }
  | { readonly kind: 'command'; readonly module: ModuleSource };

export type ModuleSource = Uint8Array | string | URL | PrebuiltComponent;

/** A registered tool. */
export interface Tool {
  readonly manifest: CheckedManifest;
  readonly body: Body;
  /** Imports of its `.wasm`, as the binary says. */
  readonly imports: readonly string[];
  readonly path: string | undefined;
  /** Where its file is: what comes from there again takes its place. */
  readonly at: string | undefined;
  /** Of this registration: what was remembered of an earlier tool of the same name is not of this one. */
  readonly serial: number;
  readonly uses: UseCounter;
}

export const kindOf = (tool: Tool): ToolKind => tool.body.kind;
