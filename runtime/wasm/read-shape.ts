import { defined } from '../vocabulary/defined.ts';
import { holdsHeap } from './collected-heap.ts';
import { checkFunctionCount } from './compile-limits.ts';
import { ConstExpressions } from './const-expression.ts';
import { NO_TYPES, readTypes, type TypeSpace } from './function-types.ts';
import { hex, invalid, quoted } from './invalid.ts';
import { readLimits, type SizeLimits } from './limits-type.ts';
import {
  EXTERNAL_KINDS,
  type ExternalKind,
  type ModuleExport,
  type ModuleImport,
  type ModuleShape,
} from './module-shape.ts';
import { Reader } from './reader.ts';
import { isReserved } from './reserved.ts';
import { SECTION, type Section } from './sections.ts';
import { readValueTypeName } from './type-text.ts';
import { skipReferenceType, skipValueType } from './value-types.ts';

const TABLE_WITH_VALUE = 0x40;

/** While the table section is read, the spaces that its values refer to are not known yet; whoever rewrites it checks them. */
const UNBOUNDED = Object.freeze({
  function: Number.POSITIVE_INFINITY,
  table: Number.POSITIVE_INFINITY,
  memory: Number.POSITIVE_INFINITY,
  global: Number.POSITIVE_INFINITY,
  tag: Number.POSITIVE_INFINITY,
});

export interface ShapeOptions {
  /** The rewriter has been here: exports may have its reserved names. @default false */
  readonly reservedNames?: boolean;
}

/** Reads everything of a module but bodies, initial values and segments; every index in it exists. */
export function readShape(
  bytes: Uint8Array,
  sections: readonly Section[],
  { reservedNames = false }: ShapeOptions = {},
): ModuleShape {
  const open = (id: number): Reader | undefined => {
    const found = sections.find((section) => section.id === id);
    return found === undefined ? undefined : new Reader(bytes, found.start, found.end);
  };
  const typeSection = open(SECTION.type);
  const types = typeSection === undefined ? NO_TYPES : readTypes(typeSection);
  const imports = readImports(open(SECTION.import), types);
  const of = (kind: ExternalKind): ModuleImport[] => imports.filter((entry) => entry.kind === kind);
  const imported = countKinds(imports);

  const functionTypes = of('function').map((entry) => entry.type ?? 0);
  const tables = of('table').flatMap((entry) => entry.limits ?? []);
  const memories = of('memory').flatMap((entry) => entry.limits ?? []);
  checkFunctionCount(open(SECTION.function)?.u32() ?? 0);
  each(open(SECTION.function), 'the function section', (reader) =>
    functionTypes.push(functionType(reader, types)),
  );
  each(open(SECTION.table), 'the table section', (reader) => tables.push(readTable(reader, types)));
  each(open(SECTION.memory), 'the memory section', (reader) => memories.push(readLimits(reader, 'memory')));
  const tags = open(SECTION.tag);
  const globals = open(SECTION.global);
  const total = {
    function: functionTypes.length,
    table: tables.length,
    memory: memories.length,
    global: imported.global + (globals?.count(3) ?? 0),
    tag: imported.tag + (tags?.count(2) ?? 0),
  };
  const tagTypes = of('tag').map((entry) => entry.type ?? 0);
  if (tags !== undefined) {
    for (let left = total.tag - imported.tag; left > 0; left -= 1) tagTypes.push(readTag(tags, types));
    tags.finish('the tag section');
  }
  const startSection = open(SECTION.start);
  const start = startSection?.u32();
  startSection?.finish('the start section');
  if (start !== undefined) {
    const type = functionTypes[start];
    if (type === undefined) throw invalid(`start function ${start} does not exist`);
    const signature = new Reader(bytes, types.at[type] ?? 0);
    // No parameters: then the count of results follows at once.
    if (signature.u32() !== 0 || signature.u32() !== 0)
      throw invalid(`start function ${start} takes or gives values`);
  }
  return {
    types,
    imports,
    imported,
    total,
    functionTypes,
    tables,
    memories,
    tagTypes,
    exports: readExports(open(SECTION.export), total, reservedNames),
    start,
    holdsHeap: holdsHeap(
      bytes,
      { types, tagTypes },
      tables.some((table) => table.exceptions === true),
    ),
  };
}

function each(reader: Reader | undefined, what: string, read: (reader: Reader) => void): void {
  if (reader === undefined) return;
  for (let left = reader.count(); left > 0; left -= 1) read(reader);
  reader.finish(what);
}

function countKinds(imports: readonly ModuleImport[]): Record<ExternalKind, number> {
  const counts = { function: 0, table: 0, memory: 0, global: 0, tag: 0 };
  for (const { kind } of imports) counts[kind] += 1;
  return counts;
}

function readKind(reader: Reader): ExternalKind {
  const code = reader.byte();
  const kind = EXTERNAL_KINDS[code];
  if (kind === undefined) throw invalid(`external kind ${hex(code)} is not known`, reader.at - 1);
  return kind;
}

function functionType(reader: Reader, types: TypeSpace): number {
  const start = reader.at;
  const index = reader.u32();
  if ((types.parameters[index] ?? -1) < 0) throw invalid(`function type ${index} does not exist`, start);
  return index;
}

function readTag(reader: Reader, types: TypeSpace): number {
  if (reader.byte() !== 0) throw invalid('tag attribute is not known', reader.at - 1);
  return functionType(reader, types);
}

/** A table type, or one with an initial value, of which only the type is read here. */
function readTable(reader: Reader, types: TypeSpace): SizeLimits {
  const initialised = readTablePrefix(reader);
  const limits = readTableType(reader, types);
  if (initialised) new ConstExpressions({ types, total: UNBOUNDED }, true).skip(reader);
  return limits;
}

function readTableType(reader: Reader, types: TypeSpace): SizeLimits {
  const type = readValueTypeName(new Reader(reader.bytes, reader.at, reader.end));
  skipReferenceType(reader, types.parameters.length);
  const limits = readLimits(reader, 'table');
  return /exn/.test(type) ? { ...limits, exceptions: true } : limits;
}

/** Whether the table has an initial value after its type: two bytes in front of it say so. */
export function readTablePrefix(reader: Reader): boolean {
  if (reader.peek() !== TABLE_WITH_VALUE) return false;
  reader.byte();
  if (reader.byte() !== 0) throw invalid('table form is not known', reader.at - 1);
  return true;
}

function readImports(reader: Reader | undefined, types: TypeSpace): ModuleImport[] {
  if (reader === undefined) return [];
  const imports: ModuleImport[] = [];
  for (let left = reader.count(4); left > 0; left -= 1) {
    const module = reader.name();
    const name = reader.name();
    if (isReserved(module) || isReserved(name)) {
      throw invalid(`it imports the reserved name ${quoted(isReserved(module) ? module : name)}`, reader.at);
    }
    const start = reader.at;
    const kind = readKind(reader);
    let type: number | undefined;
    let limits: SizeLimits | undefined;
    if (kind === 'function') type = functionType(reader, types);
    else if (kind === 'tag') type = readTag(reader, types);
    else if (kind === 'memory') limits = readLimits(reader, 'memory');
    else if (kind === 'table') {
      limits = readTableType(reader, types);
    } else {
      skipValueType(reader, types.parameters.length);
      reader.flag();
    }
    imports.push({
      module,
      name,
      kind,
      start,
      end: reader.at,
      ...defined({ type, limits }),
    });
  }
  reader.finish('the import section');
  return imports;
}

function readExports(
  reader: Reader | undefined,
  total: Readonly<Record<ExternalKind, number>>,
  reservedNames: boolean,
): ModuleExport[] {
  if (reader === undefined) return [];
  const exports: ModuleExport[] = [];
  for (let left = reader.count(3); left > 0; left -= 1) {
    const name = reader.name();
    if (isReserved(name) && !reservedNames)
      throw invalid(`it exports the reserved name ${quoted(name)}`, reader.at);
    const kind = readKind(reader);
    const index = reader.u32();
    if (index >= total[kind]) throw invalid(`exported ${kind} ${index} does not exist`, reader.at);
    exports.push({ name, kind, index });
  }
  reader.finish('the export section');
  return exports;
}
