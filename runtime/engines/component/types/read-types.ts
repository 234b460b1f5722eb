import { Reader } from '../../../wasm/reader.ts';
import type { CoreItem, Home } from '../linking/link-plan.ts';
import { malformed, unsupported } from './malformed.ts';
import type { FunctionItem, Item, TypeEntry } from './model.ts';
import { extentOfFunction, measured } from './type-extent.ts';
import type { Primitive, Resource, WitFunction, WitType } from './wit-type.ts';

/**
 * Index spaces of one component, component type or instance type; `parent` encloses it.
 * Source: https://github.com/WebAssembly/component-model/blob/main/design/mvp/Binary.md
 */
export interface Scope {
  readonly parent: Scope | undefined;
  readonly depth: number;
  readonly types: TypeEntry[];
  readonly funcs: FunctionItem[];
  readonly instances: ReadonlyMap<string, Item>[];
  readonly components: Item[];
  readonly core: CoreSpaces;
  readonly home: Home;
  /** Counts every item read, over all scopes of one binary: nested instances can repeat work exponentially. */
  readonly work: { left: number };
}

/** Index spaces of what is core in a component. Types have none: nobody here asks for them. */
export interface CoreSpaces {
  /** By their place in the order of the binary; `undefined` for one that is imported. */
  readonly modules: (number | undefined)[];
  /** By their place among all instances of the component. */
  readonly instances: number[];
  /** Functions, tables, memories, globals, tags: by the code of their sort. */
  readonly items: readonly [CoreItem[], CoreItem[], CoreItem[], CoreItem[], CoreItem[]];
}

/** Types and components nest by recursion here and in the generator. */
const MAX_DEPTH = 32;

export function openScope(parent: Scope | undefined, work: { left: number }): Scope {
  const depth = parent === undefined ? 0 : parent.depth + 1;
  if (depth > MAX_DEPTH) throw malformed('it is nested too deeply');
  const core = { modules: [], instances: [], items: [[], [], [], [], []] } satisfies CoreSpaces;
  return {
    parent,
    depth,
    types: [],
    funcs: [],
    instances: [],
    components: [],
    core,
    home: { lowers: 0 },
    work,
  };
}

export function step(scope: Scope, steps = 1): void {
  scope.work.left -= steps;
  if (scope.work.left < 0) throw malformed('its types are too many');
}

const PRIMITIVES: ReadonlyMap<number, Primitive> = new Map([
  [0x7f, 'bool'],
  [0x7e, 's8'],
  [0x7d, 'u8'],
  [0x7c, 's16'],
  [0x7b, 'u16'],
  [0x7a, 's32'],
  [0x79, 'u32'],
  [0x78, 's64'],
  [0x77, 'u64'],
  [0x76, 'f32'],
  [0x75, 'f64'],
  [0x74, 'char'],
  [0x73, 'string'],
]);

export function lookUp<T>(space: readonly T[], index: number, what: string): T {
  const item = space[index];
  if (item === undefined) throw malformed(`there is no ${what} ${index}`);
  return item;
}

const COMPONENT_TYPE = 'a component type';

/** A value type in place: a primitive, or an index of one. */
export function readValueType(reader: Reader, scope: Scope): WitType {
  const first = reader.peek();
  if (first >= 0x40 && first < 0x80) {
    reader.byte();
    const kind = PRIMITIVES.get(first);
    if (kind === undefined) throw malformed(`value type 0x${first.toString(16)} is not supported`);
    return { kind };
  }
  const entry = lookUp(scope.types, reader.u32(), 'type');
  if (entry.kind === 'value') return entry.type;
  if (entry.kind === 'opaque' && entry.what !== COMPONENT_TYPE)
    return measured({ kind: 'own', resource: { name: entry.what, opaque: true } });
  throw malformed('a type stands where a value type must');
}

const optional = <T>(reader: Reader, read: () => T): T | undefined => {
  const flag = reader.byte();
  if (flag === 0) return undefined;
  if (flag !== 1) throw malformed('an optional part is malformed');
  return read();
};

const readFields = (reader: Reader, scope: Scope) =>
  reader.vector(() => ({ name: reader.name(), type: readValueType(reader, scope) }));

function readResource(reader: Reader, scope: Scope): Resource {
  const entry = lookUp(scope.types, reader.u32(), 'type');
  if (entry.kind !== 'resource') throw malformed('a handle of something that is not a resource');
  return entry.resource;
}

/** One entry of a type section, or a `type` declaration within a type. */
export function readDefinedType(reader: Reader, scope: Scope): TypeEntry {
  step(scope);
  const code = reader.byte();
  const value = (type: WitType): TypeEntry => ({ kind: 'value', type: measured(type) });
  const primitive = PRIMITIVES.get(code);
  if (primitive !== undefined) return value({ kind: primitive });
  switch (code) {
    case 0x72:
      return value({ kind: 'record', fields: readFields(reader, scope) });
    case 0x71: {
      const cases = reader.vector(() => {
        const name = reader.name();
        const type = optional(reader, () => readValueType(reader, scope));
        if (reader.byte() !== 0) throw malformed('a variant case refines another');
        return { name, type };
      });
      return value({ kind: 'variant', cases });
    }
    case 0x70:
      return value({ kind: 'list', element: readValueType(reader, scope) });
    case 0x6f:
      return value({ kind: 'tuple', items: reader.vector(() => readValueType(reader, scope)) });
    case 0x6e:
      return value({ kind: 'flags', names: reader.vector(() => reader.name()) });
    case 0x6d:
      return value({ kind: 'enum', names: reader.vector(() => reader.name()) });
    case 0x6b:
      return value({ kind: 'option', element: readValueType(reader, scope) });
    case 0x6a: {
      const ok = optional(reader, () => readValueType(reader, scope));
      return value({ kind: 'result', ok, err: optional(reader, () => readValueType(reader, scope)) });
    }
    case 0x69:
      return value({ kind: 'own', resource: readResource(reader, scope) });
    case 0x68:
      return value({ kind: 'borrow', resource: readResource(reader, scope) });
    case 0x66:
    case 0x65: {
      optional(reader, () => readValueType(reader, scope));
      return { kind: 'opaque', what: code === 0x66 ? 'stream' : 'future' };
    }
    case 0x64:
      return { kind: 'opaque', what: 'error-context' };
    case 0x40: {
      const params = readFields(reader, scope);
      return { kind: 'func', type: { params, result: readResult(reader, scope) } };
    }
    case 0x3f: {
      if (reader.byte() !== 0x7f) throw malformed('a resource is not represented by an i32');
      optional(reader, () => reader.u32());
      return { kind: 'resource', resource: { name: 'resource' } };
    }
    case 0x41:
      skipDeclarations(reader, scope, true);
      return { kind: 'opaque', what: COMPONENT_TYPE };
    case 0x42: {
      const start = reader.at;
      skipDeclarations(reader, scope, false);
      const { bytes, at: end } = reader;
      const open = (owner: string): ReadonlyMap<string, Item> =>
        readDeclarations(new Reader(bytes, start, end), openScope(scope, scope.work), false, owner);
      return { kind: 'instance', open };
    }
    default:
      throw malformed(`type 0x${code.toString(16)} is not supported`);
  }
}

function readResult(reader: Reader, scope: Scope): WitType | undefined {
  const form = reader.byte();
  if (form === 0) return readValueType(reader, scope);
  if (form === 1 && reader.byte() === 0) return undefined;
  throw malformed('named results are not supported');
}

const skipDeclarations = (reader: Reader, scope: Scope, component: boolean): void => {
  readDeclarations(reader, openScope(scope, scope.work), component, '');
};

/** Declarations of a component or instance type; answers what it exports. */
function readDeclarations(
  reader: Reader,
  scope: Scope,
  component: boolean,
  owner: string,
): ReadonlyMap<string, Item> {
  const exports = new Map<string, Item>();
  reader.vector(() => {
    step(scope);
    const form = reader.byte();
    if (form === 0x01) scope.types.push(readDefinedType(reader, scope));
    else if (form === 0x02) readAlias(reader, scope);
    else if (form === 0x03 && component) {
      const name = readExternName(reader);
      declare(scope, readExtern(reader, scope, name, ''));
    } else if (form === 0x04) {
      const name = readExternName(reader);
      const item = readExtern(reader, scope, name, owner);
      declare(scope, item);
      exports.set(name, item);
    } else throw malformed(`declaration 0x${form.toString(16)} is not supported`);
  });
  return exports;
}

export function readExternName(reader: Reader): string {
  const form = reader.byte();
  if (form > 1) throw malformed('the name of an import or export has options');
  return reader.name();
}

/** What a function weighs is walked for each name that it has. */
const WEIGHT_OF_STEP = 100;

/** @throws {SandglassError} UNSUPPORTED naming a function whose values nothing here can pass; MODULE_INVALID where all weigh too much together. */
export function checkFunction(scope: Scope, name: string, type: WitFunction): void {
  const { weight, opaque } = extentOfFunction(type);
  step(scope, Math.floor(weight / WEIGHT_OF_STEP));
  if (opaque !== undefined) throw unsupported(`its function "${name}" takes or gives a ${opaque}`);
}

/** What an import or export is declared to be. `owner` names the interface that new resources belong to. */
export function readExtern(reader: Reader, scope: Scope, name: string, owner: string): Item {
  switch (reader.byte()) {
    case 0x00:
      if (reader.byte() !== 0x11) throw malformed('an import is malformed');
      reader.u32();
      return { sort: 'module' };
    case 0x01: {
      const entry = lookUp(scope.types, reader.u32(), 'type');
      if (entry.kind !== 'func') throw malformed('a function has no function type');
      checkFunction(scope, owner === '' || owner === name ? name : `${owner}#${name}`, entry.type);
      return { sort: 'func', type: entry.type };
    }
    case 0x02:
      throw malformed('values are not supported');
    case 0x03: {
      const bound = reader.byte();
      if (bound === 0) return { sort: 'type', type: lookUp(scope.types, reader.u32(), 'type') };
      if (bound !== 1) throw malformed('the bound of a type is malformed');
      const resource = { name: owner === '' ? name : `${owner}.${name}` };
      return { sort: 'type', type: { kind: 'resource', resource } };
    }
    case 0x04:
      reader.u32();
      return { sort: 'component', instantiate: undefined };
    case 0x05: {
      const entry = lookUp(scope.types, reader.u32(), 'type');
      if (entry.kind !== 'instance') throw malformed('an instance has no instance type');
      return { sort: 'instance', exports: entry.open(owner === '' ? name : owner) };
    }
    default:
      throw malformed('an import or export is of no known sort');
  }
}

/** Gives an item the next index of its sort. */
export function declare(scope: Scope, item: Item): void {
  if (item.sort === 'func') scope.funcs.push(item);
  else if (item.sort === 'instance') scope.instances.push(item.exports);
  else if (item.sort === 'type') scope.types.push(item.type);
  else if (item.sort === 'component') scope.components.push(item);
  else if (item.sort === 'module') scope.core.modules.push(item.place);
}

const CORE_MODULE = 0x11;

/** An alias: of an instance's export, of a core export, or of an enclosing scope. */
export function readAlias(reader: Reader, scope: Scope): void {
  const sort = reader.byte();
  const coreSort = sort === 0 ? reader.byte() : undefined;
  const target = reader.byte();
  if (target === 0) {
    const exports = lookUp(scope.instances, reader.u32(), 'instance');
    const name = reader.name();
    const item = exports.get(name);
    if (item === undefined) throw malformed(`an alias names "${name}", which its instance does not export`);
    declare(scope, item);
  } else if (target === 1) {
    const instance = scope.core.instances[reader.u32()];
    const name = reader.name();
    const items = coreSort === undefined ? undefined : scope.core.items[coreSort];
    items?.push(instance === undefined ? { kind: 'unknown' } : { kind: 'export', instance, name });
  } else if (target === 2) {
    let from: Scope | undefined = scope;
    for (let count = reader.u32(); count > 0 && from !== undefined; count--) from = from.parent;
    if (from === undefined) throw malformed('an alias leaves the component');
    const index = reader.u32();
    if (sort === 3) scope.types.push(lookUp(from.types, index, 'type'));
    else if (sort === 4) scope.components.push(lookUp(from.components, index, 'component'));
    else if (coreSort === CORE_MODULE) scope.core.modules.push(from.core.modules[index]);
    else if (coreSort === undefined) throw malformed('an outer alias is of no known sort');
  } else throw malformed('an alias is of no known form');
}
