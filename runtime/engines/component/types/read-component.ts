import { defined } from '../../../vocabulary/defined.ts';
import { Reader } from '../../../wasm/reader.ts';
import type { CoreInstance, CoreItem, PassOptions } from '../linking/link-plan.ts';
import { createRecorder, type Links, type Recorder } from '../linking/recorder.ts';
import { malformed, unsupported } from './malformed.ts';
import type { ComponentTypes, Item } from './model.ts';
import {
  checkFunction,
  declare,
  lookUp,
  openScope,
  readAlias,
  readDefinedType,
  readExtern,
  readExternName,
  readValueType,
  type Scope,
  step,
} from './read-types.ts';
import { unversioned } from './wit-type.ts';

/** Ten times what the largest worlds take; a bomb of nested instances, which would become code without end, stops here. */
const MAX_WORK = 20_000;

/**
 * The types of a component's imports and exports, by following its index spaces as a validator would.
 * @throws {SandglassError} MODULE_INVALID on anything malformed or not understood.
 */
export const readComponentTypes = (bytes: Uint8Array): ComponentTypes => readComponent(bytes).types;

/** The same, and how it is linked; `links` is absent where a plan cannot say that. */
export function readComponent(bytes: Uint8Array): {
  readonly types: ComponentTypes;
  readonly links: Links | undefined;
} {
  const recorder = createRecorder();
  const imports = new Map<string, Item>();
  /** Unlike the types, these are as they come: an export may be declared to be less. */
  const given = new Map<string, Item>();
  const exports = evaluate(new Reader(bytes), openScope(undefined, { left: MAX_WORK }), {
    depth: 0,
    recorder,
    supply: (name, item) => {
      imports.set(name, item);
      return recorder.supply(name, item);
    },
    exported: (name, item) => given.set(name, item),
  });
  return { types: { imports, exports }, links: recorder.finish(given) };
}

interface Walk {
  readonly depth: number;
  readonly recorder: Recorder;
  /** Answers what stands behind an import of the given declared kind. */
  readonly supply: (name: string, declared: Item) => Item;
  readonly exported?: (name: string, item: Item) => void;
}

/** Walks one component. */
function evaluate(reader: Reader, scope: Scope, walk: Walk): ReadonlyMap<string, Item> {
  const { depth, supply, recorder, exported } = walk;
  const header = [0x00, 0x61, 0x73, 0x6d, 0x0d, 0x00, 0x01, 0x00];
  if (!header.every((byte) => reader.byte() === byte))
    throw malformed('its header is not that of a component');
  const exports = new Map<string, Item>();
  while (!reader.done) {
    step(scope);
    const id = reader.byte();
    const section = reader.part();
    if (id === 1) scope.core.modules.push(recorder.module({ start: section.at, end: section.end }));
    else if (id === 2) section.vector(() => readCoreInstance(section, scope, recorder));
    else if (id === 4) scope.components.push(nested(section, scope, walk));
    else if (id === 5) section.vector(() => readInstance(section, scope));
    else if (id === 6) section.vector(() => readAlias(section, scope));
    else if (id === 7) section.vector(() => scope.types.push(readDefinedType(section, scope)));
    else if (id === 8) section.vector(() => readCanon(section, scope, recorder));
    else if (id === 10) {
      section.vector(() => {
        const name = readExternName(section);
        declare(
          scope,
          supply(name, readExtern(section, scope, name, depth === 0 ? unversioned(name) : name)),
        );
      });
    } else if (id === 11) {
      section.vector(() => {
        const name = readExternName(section);
        const item = readIndex(section, scope);
        const ascribed = section.byte() === 0 ? undefined : readExtern(section, scope, name, '');
        const declared =
          item.sort === 'func' && ascribed?.sort === 'func'
            ? { ...item, type: ascribed.type }
            : (ascribed ?? item);
        if (declared.sort === 'func') checkFunction(scope, name, declared.type);
        declare(scope, declared);
        exports.set(name, declared);
        exported?.(name, item);
      });
    } else if (id > 3) throw malformed(`section ${id} is not supported`);
  }
  return exports;
}

function nested(section: Reader, scope: Scope, { depth, recorder }: Walk): Item {
  const { bytes, at, end } = section;
  return {
    sort: 'component',
    instantiate: (args) =>
      evaluate(new Reader(bytes, at, end), openScope(scope, scope.work), {
        depth: depth + 1,
        recorder,
        supply: (name, declared) => {
          const arg = args.get(name);
          if (arg === undefined) recorder.giveUp();
          return arg ?? declared;
        },
      }),
  };
}

/** Instances of core modules, and of parts of them. */
function readCoreInstance(reader: Reader, scope: Scope, recorder: Recorder): void {
  step(scope);
  const form = reader.byte();
  let made: CoreInstance | undefined;
  if (form === 0) {
    const module = scope.core.modules[reader.u32()];
    const args = reader.vector(() => {
      const name = reader.name();
      if (reader.byte() !== CORE_INSTANCE) throw malformed('an argument of a core module is not an instance');
      return [name, lookUp(scope.core.instances, reader.u32(), 'core instance')] as const;
    });
    if (module !== undefined) made = { kind: 'module', module, args };
  } else if (form === 1) {
    const parts = reader.vector(() => {
      const name = reader.name();
      return [name, readCoreItem(reader, scope)] as const;
    });
    made = { kind: 'parts', parts };
  } else throw malformed('a core instance is of no known form');
  if (made === undefined) recorder.giveUp();
  scope.core.instances.push(recorder.instance(made ?? { kind: 'parts', parts: [] }));
}

const CORE_INSTANCE = 0x12;

function readCoreItem(reader: Reader, scope: Scope): CoreItem {
  const items = scope.core.items[reader.byte()];
  return lookUp(items ?? [], reader.u32(), 'core item');
}

function readIndex(reader: Reader, scope: Scope): Item {
  const sort = reader.byte();
  if (sort === 0) {
    reader.byte();
    const place = scope.core.modules[reader.u32()];
    return { sort: 'module', ...defined({ place }) };
  }
  const index = reader.u32();
  if (sort === 1) return lookUp(scope.funcs, index, 'function');
  if (sort === 3) return { sort: 'type', type: lookUp(scope.types, index, 'type') };
  if (sort === 4) return lookUp(scope.components, index, 'component');
  if (sort === 5) return { sort: 'instance', exports: lookUp(scope.instances, index, 'instance') };
  throw malformed('an index is of no known sort');
}

function readInstance(reader: Reader, scope: Scope): void {
  step(scope);
  const form = reader.byte();
  if (form === 0) {
    const component = lookUp(scope.components, reader.u32(), 'component');
    const args = new Map(reader.vector(() => [reader.name(), readIndex(reader, scope)] as const));
    if (component.sort !== 'component' || component.instantiate === undefined) {
      throw malformed('it instantiates a component that it does not contain');
    }
    scope.instances.push(component.instantiate(args));
  } else if (form === 1) {
    scope.instances.push(
      new Map(reader.vector(() => [readExternName(reader), readIndex(reader, scope)] as const)),
    );
  } else throw malformed('an instance is of no known form');
}

/** Functions made of core ones, and core ones made of them. */
function readCanon(reader: Reader, scope: Scope, recorder: Recorder): void {
  step(scope);
  const code = reader.byte();
  const [coreFunctions] = scope.core.items;
  switch (code) {
    case 0x00: {
      if (reader.byte() !== 0) throw malformed('a lift is malformed');
      const core = lookUp(coreFunctions, reader.u32(), 'core function');
      const options = readOptions(reader, scope, recorder);
      const entry = lookUp(scope.types, reader.u32(), 'type');
      if (entry.kind !== 'func') throw malformed('a function has no function type');
      scope.funcs.push({
        sort: 'func',
        type: entry.type,
        origin: { kind: 'lift', home: scope.home, core, type: entry.type, options },
      });
      return;
    }
    case 0x01: {
      if (reader.byte() !== 0) throw malformed('a lower is malformed');
      const lowered = lookUp(scope.funcs, reader.u32(), 'function');
      scope.home.lowers += 1;
      coreFunctions.push(recorder.lower(lowered, readOptions(reader, scope, recorder)));
      return;
    }
    case 0x03: {
      const entry = lookUp(scope.types, reader.u32(), 'type');
      coreFunctions.push(entry.kind === 'resource' ? recorder.drop(entry.resource) : recorder.giveUp());
      return;
    }
    case 0x02:
    case 0x04:
      reader.u32();
      coreFunctions.push(recorder.giveUp());
      return;
    case 0x0a:
    case 0x0b:
      readValueType(reader, scope);
      reader.u32();
      coreFunctions.push(recorder.giveUp());
      return;
    default:
      throw unsupported(
        `canonical function 0x${code.toString(16)} belongs to the asynchronous component model`,
      );
  }
}

function readOptions(reader: Reader, scope: Scope, recorder: Recorder): PassOptions {
  const options: { -readonly [Name in keyof PassOptions]: PassOptions[Name] } = { encoding: 'utf-8' };
  const [functions, , memories] = scope.core.items;
  reader.vector(() => {
    const option = reader.byte();
    if (option > 9) throw malformed(`canonical option ${option} is not supported`);
    if (option === 1) options.encoding = 'utf-16';
    else if (option === 3) options.memory = lookUp(memories, reader.u32(), 'memory');
    else if (option === 4) options.realloc = lookUp(functions, reader.u32(), 'core function');
    else if (option === 5) options.postReturn = lookUp(functions, reader.u32(), 'core function');
    else if (option === 7 || option === 8) reader.u32();
    if (option === 2 || option > 5) recorder.giveUp();
  });
  return options;
}
