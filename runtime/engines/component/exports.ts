import { SandglassError } from '../../vocabulary/errors.ts';
import type { ExportedFunction } from './component-data.ts';
import { expand } from './interfaces/check-imports.ts';
import type { ComponentTypes } from './types/model.ts';
import { functionText, unversioned } from './types/wit-type.ts';

/** Names that the generator spells into its glue; a component with any other is refused before the generator sees it. */
const EXPORT_NAME = /^[a-z][a-zA-Z0-9:/@.+-]*$/;

/**
 * What can be called from outside: plain functions at the top of the world and in exported interfaces. Methods and constructors of a
 * guest's own resources cannot, as a resource has no JSON form.
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
      if (exported.sort !== 'func' || functionName.startsWith('[')) continue;
      found.push({
        name: `${name}#${functionName}`,
        interface: name,
        function: functionName,
        type: exported.type,
      });
    }
  }
  return found;
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
