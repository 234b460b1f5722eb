import type { FunctionOrigin } from '../linking/link-plan.ts';
import type { Resource, WitFunction, WitType } from './wit-type.ts';

/** What a component asks for and offers, read from its own type section. */
export interface ComponentTypes {
  readonly imports: ReadonlyMap<string, Item>;
  readonly exports: ReadonlyMap<string, Item>;
}

/** Something with an index in a component: what an import or an export can be. */
export type Item =
  | FunctionItem
  | { readonly sort: 'instance'; readonly exports: ReadonlyMap<string, Item> }
  | { readonly sort: 'type'; readonly type: TypeEntry }
  | { readonly sort: 'component'; readonly instantiate: Instantiate | undefined }
  /** `place` is where the module stands in the order of the binary. */
  | { readonly sort: 'module'; readonly place?: number }
  | { readonly sort: 'value' };

export interface FunctionItem {
  readonly sort: 'func';
  readonly type: WitFunction;
  /** Absent where it is only declared. */
  readonly origin?: FunctionOrigin;
}

/** An entry of a component's type index space. */
export type TypeEntry =
  | { readonly kind: 'value'; readonly type: WitType }
  | { readonly kind: 'func'; readonly type: WitFunction }
  | { readonly kind: 'resource'; readonly resource: Resource }
  /** Read anew for each use: every import of it has resources of its own, named after `owner`. */
  | { readonly kind: 'instance'; readonly open: (owner: string) => ReadonlyMap<string, Item> }
  /** Component and core types, and value types we have no use for. */
  | { readonly kind: 'opaque'; readonly what: string };

export type Instantiate = (args: ReadonlyMap<string, Item>) => ReadonlyMap<string, Item>;
