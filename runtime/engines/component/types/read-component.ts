import { Cursor, malformed } from './cursor.ts';
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
  const exports = evaluate(new Cursor(bytes), openScope(undefined, { left: MAX_WORK }), 0, (name, item) => {
    imports.set(name, item);
    return item;
  });
  return { imports, exports };
}

/** Walks one component. `supply` answers what stands behind an import of the given declared kind. */
function evaluate(
  cursor: Cursor,
  scope: Scope,
  depth: number,
  supply: (name: string, declared: Item) => Item,
): ReadonlyMap<string, Item> {
  const header = [0x00, 0x61, 0x73, 0x6d, 0x0d, 0x00, 0x01, 0x00];
  if (!header.every((byte) => cursor.byte() === byte))
    throw malformed('its header is not that of a component');
  const exports = new Map<string, Item>();
  while (!cursor.done) {
    step(scope);
    const id = cursor.byte();
    const section = cursor.slice(cursor.u32());
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

function nested(section: Cursor, scope: Scope, depth: number): Item {
  const { bytes, at, end } = section;
  return {
    sort: 'component',
    instantiate: (args) =>
      evaluate(new Cursor(bytes, at, end), openScope(scope, scope.work), depth + 1, (name, declared) => {
        return args.get(name) ?? declared;
      }),
  };
}

function readIndex(cursor: Cursor, scope: Scope): Item {
  const sort = cursor.byte();
  if (sort === 0) {
    cursor.byte();
    cursor.u32();
    return { sort: 'module' };
  }
  const index = cursor.u32();
  if (sort === 1) return { sort: 'func', type: lookUp(scope.funcs, index, 'function') };
  if (sort === 3) return { sort: 'type', type: lookUp(scope.types, index, 'type') };
  if (sort === 4) return lookUp(scope.components, index, 'component');
  if (sort === 5) return { sort: 'instance', exports: lookUp(scope.instances, index, 'instance') };
  throw malformed('an index is of no known sort');
}

function readInstance(cursor: Cursor, scope: Scope): void {
  step(scope);
  const form = cursor.byte();
  if (form === 0) {
    const component = lookUp(scope.components, cursor.u32(), 'component');
    const args = new Map(cursor.vector(() => [cursor.name(), readIndex(cursor, scope)] as const));
    if (component.sort !== 'component' || component.instantiate === undefined) {
      throw malformed('it instantiates a component that it does not contain');
    }
    scope.instances.push(component.instantiate(args));
  } else if (form === 1) {
    scope.instances.push(
      new Map(cursor.vector(() => [readExternName(cursor), readIndex(cursor, scope)] as const)),
    );
  } else throw malformed('an instance is of no known form');
}

/** Only `lift` makes a component function; the rest makes core functions, whose types nobody here asks for. */
function readCanon(cursor: Cursor, scope: Scope): void {
  const code = cursor.byte();
  const options = (): void => {
    cursor.vector(() => {
      const option = cursor.byte();
      if (option > 9) throw malformed(`canonical option ${option} is not supported`);
      if (option >= 3 && option <= 5) cursor.u32();
      else if (option === 7 || option === 8) cursor.u32();
    });
  };
  switch (code) {
    case 0x00: {
      if (cursor.byte() !== 0) throw malformed('a lift is malformed');
      cursor.u32();
      options();
      const entry = lookUp(scope.types, cursor.u32(), 'type');
      if (entry.kind !== 'func') throw malformed('a function has no function type');
      scope.funcs.push(entry.type);
      return;
    }
    case 0x01:
      if (cursor.byte() !== 0) throw malformed('a lower is malformed');
      cursor.u32();
      options();
      return;
    case 0x02:
    case 0x03:
    case 0x04:
      cursor.u32();
      return;
    case 0x0a:
    case 0x0b:
      readValueType(cursor, scope);
      cursor.u32();
      return;
    default:
      throw malformed(
        `canonical function 0x${code.toString(16)} belongs to the asynchronous component model`,
      );
  }
}
