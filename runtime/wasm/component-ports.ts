import { checkComponentName } from './component-names.ts';
import { hex, invalid } from './invalid.ts';
import type { Reader } from './reader.ts';

// Component model, Binary Format Explainer: names, sorts, import and export definitions.

/** What a component imports or exports, by the code of its sort. */
const SORTS = ['module', 'func', 'value', 'type', 'component', 'instance'] as const;
export type ComponentSort = (typeof SORTS)[number];

/** One import or export at the top of a component. */
export interface ComponentPort {
  /** E.g. `wasi:cli/environment@0.2.0` or `run`. */
  readonly name: string;
  readonly kind: ComponentSort;
}

export function readComponentImports(reader: Reader): ComponentPort[] {
  const ports: ComponentPort[] = [];
  for (let left = reader.count(4); left > 0; left -= 1) {
    ports.push({ name: readExternName(reader), kind: readDescription(reader) });
  }
  reader.finish('an import section');
  return ports;
}

export function readComponentExports(reader: Reader): ComponentPort[] {
  const ports: ComponentPort[] = [];
  for (let left = reader.count(5); left > 0; left -= 1) {
    const name = readExternName(reader);
    const kind = readSort(reader);
    reader.u32();
    if (reader.flag()) readDescription(reader);
    ports.push({ name, kind });
  }
  reader.finish('an export section');
  return ports;
}

/** What is described is a type by index, a bound of a type or a value. */
function readDescription(reader: Reader): ComponentSort {
  const at = reader.at;
  const kind = SORTS[reader.byte()];
  switch (kind) {
    case 'module':
      if (reader.byte() !== 0x11) throw invalid('a core sort but a module is described', at);
      reader.u32();
      return kind;
    case 'type':
      if (!reader.flag()) reader.u32(); // equal to a type; else any resource
      return kind;
    case 'func':
    case 'component':
    case 'instance':
      reader.u32();
      return kind;
    default:
      throw invalid('an import or export is of a kind that is not known', at);
  }
}

export function readSort(reader: Reader): ComponentSort {
  const at = reader.at;
  const code = reader.byte();
  const sort = SORTS[code];
  if (sort === undefined) throw invalid(`sort ${hex(code)} is not known`, at);
  if (sort === 'module') skipCoreSort(reader);
  return sort;
}

/** Function, table, memory, global, tag; type, module, instance. */
export function skipCoreSort(reader: Reader): void {
  const sort = reader.byte();
  if (sort > 0x04 && (sort < 0x10 || sort > 0x12))
    throw invalid(`core sort ${hex(sort)} is not known`, reader.at - 1);
}

/** A name behind its form: a plain or an interface name, or one with options such as a version suffix. */
export function readExternName(reader: Reader): string {
  const form = reader.byte();
  if (form > 2) throw invalid(`name form ${hex(form)} is not known`, reader.at - 1);
  const name = reader.name();
  checkComponentName(name, reader.at);
  if (form < 2) return name;
  for (let left = reader.count(2); left > 0; left -= 1) {
    const option = reader.byte();
    if (option > 1) throw invalid(`name option ${hex(option)} is not known`, reader.at - 1);
    checkComponentName(reader.name(), reader.at);
  }
  return name;
}
