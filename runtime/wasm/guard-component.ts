import { checkComponentName, checkCoreName } from './component-names.ts';
import {
  readComponentExports,
  readComponentImports,
  readExternName,
  readSort,
  skipCoreSort,
} from './component-ports.ts';
import { guardModule } from './guard-module.ts';
import type { GuardLimits } from './guard-options.ts';
import { hex, invalid } from './invalid.ts';
import { PREAMBLE_BYTES, readPreamble } from './preamble.ts';
import { Reader } from './reader.ts';
import { checkSectionCount } from './sections.ts';

// Component model, Binary Format Explainer.

/** Section ids of a component. */
export const COMPONENT_SECTION = Object.freeze({
  custom: 0,
  coreModule: 1,
  coreInstance: 2,
  coreType: 3,
  component: 4,
  instance: 5,
  alias: 6,
  type: 7,
  canon: 8,
  start: 9,
  import: 10,
  export: 11,
  value: 12,
});

/**
 * Definitions that a component may come to when each instantiation is written out, as a code generator does. Components nested and
 * instantiated twice at each level double with each; this counts them before anyone writes them out.
 */
const MAX_EXPANSION = 100_000;

/** What was counted on the way. */
export interface ComponentCount {
  modules: number;
  components: number;
  memories: number;
  minimumPages: number;
  /** Of the component and those nested in it; core modules count as one each. */
  sections: number;
}

/** Walks a component and everything nested in it, and refuses what a code generator or an engine should not be given. */
export function guardComponent(bytes: Uint8Array, limits: GuardLimits): ComponentCount {
  const count: ComponentCount = { modules: 0, components: 0, memories: 0, minimumPages: 0, sections: 0 };
  walk(bytes, 0, bytes.length, { limits, count, depth: 0, largest: { expansion: 0 } });
  return count;
}

interface Walk {
  readonly limits: GuardLimits;
  readonly count: ComponentCount;
  readonly depth: number;
  /** The largest expansion of a component that ended before this place; any of them may be what is instantiated here. */
  readonly largest: { expansion: number };
}

/** @returns How many definitions the component comes to when written out. */
function walk(bytes: Uint8Array, start: number, end: number, state: Walk): number {
  const { limits, count, depth, largest } = state;
  if (depth > limits.maxNesting) throw invalid(`it nests components deeper than ${limits.maxNesting}`, start);
  if (readPreamble(bytes, start, end) !== 'component')
    throw invalid('a core module stands where a component must', start);
  count.components += 1;
  const reader = new Reader(bytes, start + PREAMBLE_BYTES, end);
  let expansion = 1;
  while (!reader.done) {
    const at = reader.at;
    const id = reader.byte();
    const content = reader.part();
    count.sections += 1;
    checkSectionCount(count.sections, at);
    switch (id) {
      case COMPONENT_SECTION.custom:
        content.name();
        break;
      case COMPONENT_SECTION.coreModule: {
        const { memories, imported, imports, exports } = guardModule(bytes, limits, content.at, content.end);
        count.modules += 1;
        for (const { module, name } of imports) {
          checkCoreName(module, content.at);
          checkCoreName(name, content.at);
        }
        for (const { name } of exports) checkCoreName(name, content.at);
        for (const { minimum } of memories.slice(imported.memory)) {
          count.memories += 1;
          count.minimumPages += minimum;
        }
        break;
      }
      case COMPONENT_SECTION.component: {
        const nested = walk(bytes, content.at, content.end, { limits, count, depth: depth + 1, largest });
        largest.expansion = Math.max(largest.expansion, nested);
        break;
      }
      case COMPONENT_SECTION.coreInstance:
        expansion += readCoreInstances(content);
        break;
      case COMPONENT_SECTION.instance:
        expansion += readInstances(content, largest.expansion);
        break;
      case COMPONENT_SECTION.alias:
        expansion += readAliases(content);
        break;
      case COMPONENT_SECTION.import:
        expansion += readComponentImports(content).length;
        break;
      case COMPONENT_SECTION.export:
        expansion += readComponentExports(content).length;
        break;
      case COMPONENT_SECTION.coreType:
      case COMPONENT_SECTION.type:
      case COMPONENT_SECTION.canon:
        expansion += content.count();
        break;
      default:
        throw invalid(`component section ${hex(id)} is not known`, at);
    }
    if (expansion > MAX_EXPANSION)
      throw invalid(`it comes to over ${MAX_EXPANSION} definitions when written out`, at);
  }
  return expansion;
}

function readCoreInstances(reader: Reader): number {
  let definitions = 0;
  for (let left = reader.count(); left > 0; left -= 1) {
    const form = reader.byte();
    if (form > 1) throw invalid(`core instance ${hex(form)} is not known`, reader.at - 1);
    if (form === 0) reader.u32();
    // Arguments name an instance, exports name one item: both are a name, a sort, an index.
    for (let items = reader.count(3); items > 0; items -= 1) {
      checkCoreName(reader.name(), reader.at);
      skipCoreSort(reader);
      reader.u32();
      definitions += 1;
    }
    definitions += 1;
  }
  reader.finish('a core instance section');
  return definitions;
}

function readInstances(reader: Reader, largest: number): number {
  let definitions = 0;
  for (let left = reader.count(); left > 0; left -= 1) {
    const form = reader.byte();
    if (form > 1) throw invalid(`instance ${hex(form)} is not known`, reader.at - 1);
    if (form === 0) {
      reader.u32();
      definitions += largest;
    }
    for (let items = reader.count(3); items > 0; items -= 1) {
      if (form === 0) checkComponentName(reader.name(), reader.at);
      else readExternName(reader);
      readSort(reader);
      reader.u32();
      definitions += 1;
    }
    definitions += 1;
  }
  reader.finish('an instance section');
  return definitions;
}

function readAliases(reader: Reader): number {
  const count = reader.count();
  for (let left = count; left > 0; left -= 1) {
    readSort(reader);
    const target = reader.byte();
    if (target > 2) throw invalid(`alias target ${hex(target)} is not known`, reader.at - 1);
    reader.u32();
    if (target === 2) reader.u32();
    else if (target === 1) checkCoreName(reader.name(), reader.at);
    else checkComponentName(reader.name(), reader.at);
  }
  reader.finish('an alias section');
  return count;
}
