import { Reader } from '../../../wasm/reader.ts';
import { malformed } from './malformed.ts';
import type { ComponentTypes, Item } from './model.ts';
import {
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
 * The types of a component's imports and exports, by following its index spaces as a validator would. Core modules are skipped.
 * @throws {SandglassError} MODULE_INVALID on anything malformed or not understood.
 */
export function readComponentTypes(bytes: Uint8Array): ComponentTypes {
  const imports = new Map<string, Item>();
  const exports = evaluate(new Reader(bytes), openScope(undefined, { left: MAX_WORK }), 0, (name, item) => {
    imports.set(name, item);
    return item;
  });
  return { imports, exports };
}

/** Walks one component. `supply` answers what stands behind an import of the given declared kind. */
function evaluate(
  reader: Reader,
  scope: Scope,
  depth: number,
  supply: (name: string, declared: Item) => Item,
): ReadonlyMap<string, Item> {
  const header = [0x00, 0x61, 0x73, 0x6d, 0x0d, 0x00, 0x01, 0x00];
  if (!header.every((byte) => reader.byte() === byte))
    throw malformed('its header is not that of a component');
  const exports = new Map<string, Item>();
  while (!reader.done) {
    step(scope);
    const id = reader.byte();
    const section = reader.part();
    if (id === 4) scope.components.push(nested(section, scope, depth));
    else if (id === 5) section.vector(() => readInstance(section, scope));
    else if (id === 6) section.vector(() => readAlias(section, scope));
    else if (id === 7) section.vector(() => scope.types.push(readDefinedType(section, scope)));
    else if (id === 8) section.vector(() => readCanon(section, scope));
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
        declare(scope, ascribed ?? item);
        exports.set(name, ascribed ?? item);
      });
    } else if (id > 3) throw malformed(`section ${id} is not supported`);
  }
  return exports;
}

function nested(section: Reader, scope: Scope, depth: number): Item {
  const { bytes, at, end } = section;
  return {
    sort: 'component',
    instantiate: (args) =>
      evaluate(new Reader(bytes, at, end), openScope(scope, scope.work), depth + 1, (name, declared) => {
        return args.get(name) ?? declared;
      }),
  };
}

function readIndex(reader: Reader, scope: Scope): Item {
  const sort = reader.byte();
  if (sort === 0) {
    reader.byte();
    reader.u32();
    return { sort: 'module' };
  }
  const index = reader.u32();
  if (sort === 1) return { sort: 'func', type: lookUp(scope.funcs, index, 'function') };
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

/** Only `lift` makes a component function; the rest makes core functions, whose types nobody here asks for. */
function readCanon(reader: Reader, scope: Scope): void {
  const code = reader.byte();
  const options = (): void => {
    reader.vector(() => {
      const option = reader.byte();
      if (option > 9) throw malformed(`canonical option ${option} is not supported`);
      if (option >= 3 && option <= 5) reader.u32();
      else if (option === 7 || option === 8) reader.u32();
    });
  };
  switch (code) {
    case 0x00: {
      if (reader.byte() !== 0) throw malformed('a lift is malformed');
      reader.u32();
      options();
      const entry = lookUp(scope.types, reader.u32(), 'type');
      if (entry.kind !== 'func') throw malformed('a function has no function type');
      scope.funcs.push(entry.type);
      return;
    }
    case 0x01:
      if (reader.byte() !== 0) throw malformed('a lower is malformed');
      reader.u32();
      options();
      return;
    case 0x02:
    case 0x03:
    case 0x04:
      reader.u32();
      return;
    case 0x0a:
    case 0x0b:
      readValueType(reader, scope);
      reader.u32();
      return;
    default:
      throw malformed(
        `canonical function 0x${code.toString(16)} belongs to the asynchronous component model`,
      );
  }
}
