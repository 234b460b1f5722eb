import type { TypeSpace } from './function-types.ts';
import type { SizeLimits } from './limits-type.ts';

/** The kinds of things that are imported and exported, by their code. */
export const EXTERNAL_KINDS = ['function', 'table', 'memory', 'global', 'tag'] as const;
export type ExternalKind = (typeof EXTERNAL_KINDS)[number];

export interface ModuleImport {
  readonly module: string;
  readonly name: string;
  readonly kind: ExternalKind;
  /** Bounds of what follows the names: kind and type. */
  readonly start: number;
  readonly end: number;
  /** Of a function or a tag. */
  readonly type?: number;
  /** Of a memory or a table. */
  readonly limits?: SizeLimits;
}

export interface ModuleExport {
  readonly name: string;
  readonly kind: ExternalKind;
  readonly index: number;
}

/** The index spaces of a core module: what is imported comes first, then what it defines. */
export interface ModuleShape {
  readonly types: TypeSpace;
  readonly imports: readonly ModuleImport[];
  /** Imported things of each kind. */
  readonly imported: Readonly<Record<ExternalKind, number>>;
  /** Imported and defined things of each kind. */
  readonly total: Readonly<Record<ExternalKind, number>>;
  /** Type index of each function of the function index space. */
  readonly functionTypes: readonly number[];
  /** Limits of each table and memory of their index spaces. */
  readonly tables: readonly SizeLimits[];
  readonly memories: readonly SizeLimits[];
  /** Type index of each tag of the tag index space. */
  readonly tagTypes: readonly number[];
  readonly exports: readonly ModuleExport[];
  readonly start: number | undefined;
  /** It can hold so much on the collected heap that what it allocates there must be counted: see `holdsHeap`. */
  readonly holdsHeap: boolean;
}

/** The part of a shape that operands are checked against. */
export type IndexSpaces = Pick<ModuleShape, 'types' | 'total'>;
