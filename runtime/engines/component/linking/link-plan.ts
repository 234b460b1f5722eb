import type { WitFunction } from '../types/wit-type.ts';

/**
 * How the core modules of a component are put together, and what its functions mean: plain data, read from the binary. What it cannot say
 * is run by generated glue.
 */
export interface LinkPlan {
  /** In the order in which they are made. */
  readonly instances: readonly CoreInstance[];
  /** Functions of components, as core modules call them. */
  readonly imports: readonly LoweredFunction[];
  readonly exports: readonly LiftedExport[];
}

export type CoreInstance =
  /** `module`: its place in the order of the binary. `args`: what it imports from, by name; places of instances before it. */
  | {
      readonly kind: 'module';
      readonly module: number;
      readonly args: readonly (readonly [string, number])[];
    }
  /** Made of parts of others. */
  | { readonly kind: 'parts'; readonly parts: readonly (readonly [string, CoreItem])[] };

/** A core function, table, memory, global or tag. */
export type CoreItem =
  /** That an instance exports. */
  | { readonly kind: 'export'; readonly instance: number; readonly name: string }
  /** A function of the host or of another part of the component, by its place among the imports. */
  | { readonly kind: 'import'; readonly place: number }
  /** Lets go of a handle to a resource of the host. */
  | { readonly kind: 'drop'; readonly resource: string }
  /** What a plan has no word for: no plan is made then. */
  | { readonly kind: 'unknown' };

/** What values pass through on their way: `CanonicalOptions` of the Canonical ABI. */
export interface PassOptions {
  readonly encoding: 'utf-8' | 'utf-16';
  readonly memory?: CoreItem;
  readonly realloc?: CoreItem;
  readonly postReturn?: CoreItem;
}

export type LoweredFunction = HostFunction | InnerFunction;

export interface HostFunction {
  readonly kind: 'host';
  /** With its version. */
  readonly interface: string;
  /** As WIT spells it: `read`, `[method]input-stream.read`. */
  readonly function: string;
  readonly type: WitFunction;
  readonly options: PassOptions;
}

/** Of another component inside the component: one that calls nothing of the host, and no handles are passed. */
export interface InnerFunction {
  readonly kind: 'inner';
  readonly type: WitFunction;
  /** The caller's. */
  readonly options: PassOptions;
  readonly target: Lifted;
}

/** A core function as a component has it. */
export interface Lifted {
  readonly type: WitFunction;
  readonly core: CoreItem;
  readonly options: PassOptions;
}

export interface LiftedExport extends Lifted {
  /** Absent at the top of the world. */
  readonly interface?: string;
  readonly function: string;
}

/** What a component calls outside of itself, while it is read. */
export interface Home {
  lowers: number;
}

/** Where a function of a component comes from. */
export type FunctionOrigin =
  | { readonly kind: 'import'; readonly interface: string; readonly function: string }
  /** Its type is its own, not one that an export declares it to have. */
  | ({ readonly kind: 'lift'; readonly home: Home } & Lifted);
