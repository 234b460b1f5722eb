import { type ComponentPort, readComponentExports, readComponentImports } from './component-ports.ts';
import { guardBinary } from './guard.ts';
import { COMPONENT_SECTION } from './guard-component.ts';
import { invalid } from './invalid.ts';
import type { SizeLimits } from './limits-type.ts';
import type { ExternalKind, ModuleShape } from './module-shape.ts';
import { type BinaryKind, PREAMBLE_BYTES } from './preamble.ts';
import { readProducers } from './producers.ts';
import { readShape } from './read-shape.ts';
import { Reader } from './reader.ts';
import { SECTION, splitSections } from './sections.ts';
import { readValueTypeName } from './type-text.ts';

/** What a `.wasm` says of itself. */
export interface BinaryInfo {
  readonly kind: BinaryKind;
  /** Core imports and exports of a module; none for a component. */
  readonly imports: readonly CoreImport[];
  readonly exports: readonly CoreExport[];
  /** Imports and exports at the top of a component; none for a module. */
  readonly worldImports: readonly ComponentPort[];
  readonly worldExports: readonly ComponentPort[];
  /** Memories and tables that it defines, in pages of 64 KiB and elements; those of all core modules for a component. */
  readonly memories: readonly SizeLimits[];
  readonly tables: readonly SizeLimits[];
  /** Custom sections at the top level, in order. */
  readonly customSections: readonly string[];
  /** What made it, as the `producers` section tells, e.g. `{ 'processed-by': ['rustc 1.63.0'] }`. */
  readonly producers: Readonly<Record<string, readonly string[]>>;
}

export type CoreImport = CoreExport & { readonly module: string };

export type CoreExport =
  | ({ readonly name: string; readonly kind: 'function' } & CoreSignature)
  | { readonly name: string; readonly kind: 'memory' | 'table'; readonly limits: SizeLimits }
  | { readonly name: string; readonly kind: 'global' | 'tag' };

/** Value types by their names: `i32 i64 f32 f64 v128 funcref externref …`. */
export interface CoreSignature {
  readonly params: readonly string[];
  readonly results: readonly string[];
}

/**
 * Reads what a binary declares, without compiling or running any of it.
 * @throws {SandglassError} MODULE_INVALID, for whatever `guardBinary` refuses.
 */
export function inspectBinary(bytes: Uint8Array): BinaryInfo {
  const { kind } = guardBinary(bytes, { memory64: true });
  return kind === 'module' ? inspectModule(bytes) : inspectComponent(bytes);
}

function inspectModule(bytes: Uint8Array): BinaryInfo {
  const sections = splitSections(bytes);
  const shape = readShape(bytes, sections);
  const custom = sections
    .filter(({ id }) => id === SECTION.custom)
    .map(({ start, end }) => new Reader(bytes, start, end));
  return {
    kind: 'module',
    imports: describeImports(bytes, shape),
    exports: shape.exports.map(({ name, kind, index }) => describe(bytes, shape, name, kind, index)),
    worldImports: [],
    worldExports: [],
    memories: shape.memories.slice(shape.imported.memory),
    tables: shape.tables.slice(shape.imported.table),
    ...describeCustom(custom),
  };
}

function describeImports(bytes: Uint8Array, shape: ModuleShape): CoreImport[] {
  const next = { function: 0, table: 0, memory: 0, global: 0, tag: 0 };
  return shape.imports.map(({ module, name, kind }) => {
    const index = next[kind];
    next[kind] += 1;
    return { module, ...describe(bytes, shape, name, kind, index) };
  });
}

function describe(
  bytes: Uint8Array,
  shape: ModuleShape,
  name: string,
  kind: ExternalKind,
  index: number,
): CoreExport {
  if (kind === 'function') return { name, kind, ...signatureOf(bytes, shape, index) };
  if (kind === 'global' || kind === 'tag') return { name, kind };
  const limits = (kind === 'memory' ? shape.memories : shape.tables)[index];
  if (limits === undefined) throw invalid(`${kind} ${index} does not exist`);
  return { name, kind, limits };
}

function signatureOf(bytes: Uint8Array, { types, functionTypes }: ModuleShape, index: number): CoreSignature {
  const reader = new Reader(bytes, types.at[functionTypes[index] ?? -1] ?? 0);
  const list = (): string[] => Array.from({ length: reader.count() }, () => readValueTypeName(reader));
  return { params: list(), results: list() };
}

function inspectComponent(bytes: Uint8Array): BinaryInfo {
  const worldImports: ComponentPort[] = [];
  const worldExports: ComponentPort[] = [];
  const memories: SizeLimits[] = [];
  const tables: SizeLimits[] = [];
  const custom: Reader[] = [];
  const visit = (reader: Reader, top: boolean): void => {
    while (!reader.done) {
      const id = reader.byte();
      const content = reader.part();
      if (id === COMPONENT_SECTION.coreModule) {
        const shape = readShape(bytes, splitSections(bytes, content.at, content.end));
        memories.push(...shape.memories.slice(shape.imported.memory));
        tables.push(...shape.tables.slice(shape.imported.table));
      } else if (id === COMPONENT_SECTION.component) {
        visit(new Reader(bytes, content.at + PREAMBLE_BYTES, content.end), false);
      } else if (top && id === COMPONENT_SECTION.custom) custom.push(content);
      else if (top && id === COMPONENT_SECTION.import) worldImports.push(...readComponentImports(content));
      else if (top && id === COMPONENT_SECTION.export) worldExports.push(...readComponentExports(content));
    }
  };
  visit(new Reader(bytes, PREAMBLE_BYTES), true);
  return {
    kind: 'component',
    imports: [],
    exports: [],
    worldImports,
    worldExports,
    memories,
    tables,
    ...describeCustom(custom),
  };
}

function describeCustom(sections: readonly Reader[]): Pick<BinaryInfo, 'customSections' | 'producers'> {
  const customSections: string[] = [];
  let producers: BinaryInfo['producers'] = {};
  for (const section of sections) {
    const name = section.name();
    customSections.push(name);
    if (name === 'producers') producers = readProducers(section);
  }
  return { customSections, producers };
}
