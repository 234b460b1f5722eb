import { SandglassError } from '../../vocabulary/errors.ts';
import type { ExportedFunction } from './component-data.ts';
import { partsOfName } from './glue/names.ts';
import { expand } from './interfaces/check-imports.ts';
import type { ComponentTypes } from './types/model.ts';
import { functionText, type Resource, unversioned, type WitType } from './types/wit-type.ts';

/** Names that the generator spells into its glue; a component with any other is refused before the generator sees it. */
const EXPORT_NAME = /^[a-z][a-zA-Z0-9:/@.+-]*$/;

const FUNCTION_NAME = /^[a-zA-Z][a-zA-Z0-9.-]*$/;
const OF_RESOURCES: ReadonlySet<string | undefined> = new Set([undefined, 'constructor', 'method', 'static']);

/** Of an interface, or of a resource: `inc`, `[method]counter.inc`. */
const isFunctionName = (name: string): boolean =>
  OF_RESOURCES.has(partsOfName(name).kind) && FUNCTION_NAME.test(name.slice(name.indexOf(']') + 1));

/**
 * What can be called from outside: functions at the top of the world and in exported interfaces, those of the guest's own resources among them.
 * @throws {SandglassError} MODULE_INVALID on an export name that no WIT world can have.
 */
export function listExports(types: ComponentTypes): readonly ExportedFunction[] {
  const found: ExportedFunction[] = [];
  for (const [name, item] of types.exports) {
    if (!EXPORT_NAME.test(name)) {
      throw new SandglassError(
        'MODULE_INVALID',
        `Cannot load the component: ${JSON.stringify(name)} is not a name of an export`,
      );
    }
    if (item.sort === 'func') found.push({ name, function: name, type: item.type });
    if (item.sort !== 'instance') continue;
    for (const [functionName, exported] of item.exports) {
      if (exported.sort !== 'func' || !isFunctionName(functionName)) continue;
      found.push({
        name: `${name}#${functionName}`,
        interface: name,
        function: functionName,
        type: exported.type,
      });
    }
  }
  return withNames(found);
}

/** The binary names a guest's own resources only in the names of their functions. */
function withNames(functions: readonly ExportedFunction[]): readonly ExportedFunction[] {
  const names = new Map<Resource, Resource>();
  for (const { function: name, type } of functions) {
    const { kind, resource } = partsOfName(name);
    const own = kind === 'constructor' ? type.result : kind === 'method' ? type.params[0]?.type : undefined;
    if (own?.kind === 'own' || own?.kind === 'borrow') names.set(own.resource, { name: resource });
  }
  if (names.size === 0) return functions;
  return functions.map((exported) => {
    const { params, result } = exported.type;
    return {
      ...exported,
      type: {
        params: params.map(({ name, type }) => ({ name, type: named(type, names) })),
        result: result === undefined ? undefined : named(result, names),
      },
    };
  });
}

/** The same type with the names of resources. */
function named(type: WitType, names: ReadonlyMap<Resource, Resource>): WitType {
  const maybe = (part: WitType | undefined): WitType | undefined =>
    part === undefined ? undefined : named(part, names);
  switch (type.kind) {
    case 'list':
    case 'option':
      return { kind: type.kind, element: named(type.element, names) };
    case 'result':
      return { kind: 'result', ok: maybe(type.ok), err: maybe(type.err) };
    case 'tuple':
      return { kind: 'tuple', items: type.items.map((item) => named(item, names)) };
    case 'record':
      return {
        kind: 'record',
        fields: type.fields.map((field) => ({ name: field.name, type: named(field.type, names) })),
      };
    case 'variant':
      return {
        kind: 'variant',
        cases: type.cases.map((one) => ({ name: one.name, type: maybe(one.type) })),
      };
    case 'own':
    case 'borrow':
      return { kind: type.kind, resource: names.get(type.resource) ?? type.resource };
    default:
      return type;
  }
}

/** The interface of a command, if the component is one. */
export const commandInterface = (exports: readonly ExportedFunction[]): string | undefined =>
  exports.find(
    ({ interface: name, function: functionName, type }) =>
      name !== undefined &&
      unversioned(name) === 'wasi:cli/run' &&
      functionName === 'run' &&
      functionText(type) === 'func() -> result',
  )?.interface;

const INVOKE = `func(input: string) -> result<string, $sandglass:host/types.host-error$>`;

/** Whether it exports the world `sandglass:host/tool`. */
export function isTool(exports: readonly ExportedFunction[]): boolean {
  const typeOf = (name: string): string | undefined => {
    const found = exports.find((exported) => exported.name === name);
    return found === undefined ? undefined : functionText(found.type);
  };
  return typeOf('describe') === 'func() -> string' && typeOf('invoke') === expand(INVOKE);
}
