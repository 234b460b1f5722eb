import type { LinkPlan } from './linking/link-plan.ts';
import type { WitFunction } from './types/wit-type.ts';

/** `jspi`: waiting imports suspend the guest. `sync`: they block the thread, or answer at once. */
export type WaitMode = 'jspi' | 'sync';

/** One function that can be called from outside. */
export interface ExportedFunction {
  /** As the caller spells it in full: `add`, or `ns:pkg/iface@1.0.0#add`. */
  readonly name: string;
  /** Interface it belongs to, as exported; absent at the top of the world. */
  readonly interface?: string;
  readonly function: string;
  readonly type: WitFunction;
}

export interface ComponentLinks {
  readonly plan: LinkPlan;
  /** `interface@version#function` of the imports that may have to wait. */
  readonly waiting: readonly string[];
}

/** `PreparedGuest.data` of a component: plain data, the same for every run of one binary. */
export interface ComponentData {
  readonly hash: string;
  readonly mode: WaitMode;
  /** How its parts are linked, where nothing more is needed to run it. */
  readonly links?: ComponentLinks;
  /** Source of the glue module; empty when there are links, and when the glue came prebuilt. */
  readonly glue: string;
  /** Imported interfaces with their versions. */
  readonly imports: readonly string[];
  readonly exports: readonly ExportedFunction[];
  /** Exported interface of a command, `wasi:cli/run@0.2.x`. */
  readonly command?: string;
  /** It exports the world `sandglass:host/tool`. */
  readonly tool: boolean;
}

/** Whether the guest can ask for the folders that are open from the start. */
export const wantsFolders = ({ imports }: ComponentData): boolean =>
  imports.some((name) => name.startsWith('wasi:filesystem/preopens'));

/** Name under which the glue is given what it shares with us; no interface can be called so. */
export const GLUE_IMPORT = 'sandglass:glue';
