import type { ExportedTool } from '../../contracts/described-tool.ts';
import type { JsonObject } from '../../vocabulary/json.ts';
import { commandInterface, isTool, listExports } from './exports.ts';
import { readComponentTypes } from './types/read-component.ts';
import type { WitFunction, WitType } from './types/wit-type.ts';
import { schemaOf } from './values/schema-of.ts';

/** What a component offers as tools, by its own types. */
export interface ToolExports {
  /** It exports the world `sandglass:host/tool`. */
  readonly isTool: boolean;
  readonly exports: readonly ExportedTool[];
  /** Functions of which no tool can be made, as `invoke` names them, for they take or give handles of resources. */
  readonly handles: readonly string[];
}

/**
 * Functions of a component that a tool can be made of: all whose types have a JSON form.
 * @throws {SandglassError} MODULE_INVALID
 */
export function toolExports(bytes: Uint8Array): ToolExports {
  const exports = listExports(readComponentTypes(bytes));
  if (isTool(exports)) return { isTool: true, exports: [], handles: [] };
  const command = commandInterface(exports);
  const short = new Map<string, number>();
  for (const { function: name } of exports) short.set(name, (short.get(name) ?? 0) + 1);
  const offered = exports.filter(({ interface: name }) => name === undefined || name !== command);
  return {
    isTool: false,
    handles: offered.filter(({ type }) => !hasJson(type)).map(({ name }) => name),
    exports: offered
      .filter(({ type }) => hasJson(type))
      .map(({ name, function: functionName, type }) => ({
        name: toolName((short.get(functionName) ?? 0) > 1 ? name : functionName),
        input: inputOf(type),
        output: outputOf(type.result),
        call: { invoke: name, params: type.params.map((param) => param.name) },
      })),
  };
}

/** `ns:pkg/iface@1.0.0#do-it` → `ns.pkg.iface.do-it`. */
const toolName = (name: string): string =>
  name
    .replace(/@[^#]*/, '')
    .replace(/[^A-Za-z0-9._-]/g, '.')
    .slice(-64);

const inputOf = ({ params }: WitFunction) => ({
  type: 'object',
  properties: Object.fromEntries(params.map(({ name, type }) => [name, schemaOf(type)])),
  required: params.filter(({ type }) => type.kind !== 'option').map(({ name }) => name),
  additionalProperties: false,
});

/** An error of a result is how the call fails: what it answers is the rest. */
function outputOf(result: WitType | undefined): JsonObject | undefined {
  if (result?.kind !== 'result') return result === undefined ? undefined : schemaOf(result);
  return result.ok === undefined ? { type: 'null' } : schemaOf(result.ok);
}

const hasJson = ({ params, result }: WitFunction): boolean =>
  params.every(({ type }) => isPlain(type)) && (result === undefined || isPlain(result));

/** A handle has no meaning outside of its instance, which ends with the call. */
function isPlain(type: WitType | undefined): boolean {
  switch (type?.kind) {
    case undefined:
      return true;
    case 'own':
    case 'borrow':
      return false;
    case 'list':
    case 'option':
      return isPlain(type.element);
    case 'result':
      return isPlain(type.ok) && isPlain(type.err);
    case 'tuple':
      return type.items.every(isPlain);
    case 'record':
      return type.fields.every((field) => isPlain(field.type));
    case 'variant':
      return type.cases.every((one) => isPlain(one.type));
    default:
      return true;
  }
}
