import type { RuntimeOptions } from '../contracts/api/runtime.ts';
import type { AnyHostFunction } from '../contracts/host-function.ts';
import { checkField, checkFields, type FieldKind } from '../vocabulary/check-fields.ts';
import { unknownName } from '../vocabulary/nearest.ts';

/** What misuse of these options says that it cannot do. */
export const CREATE = 'create a runtime';

const FIELDS: Readonly<Record<keyof RuntimeOptions, FieldKind>> = {
  level: 'any',
  limits: 'any',
  policy: 'any',
  secrets: 'object',
  engines: 'list',
  hostFunctions: 'list',
  cells: 'any',
  maxModuleBytes: 'any',
  tools: 'any',
  model: 'any',
  cache: 'any',
  onAudit: 'function',
  onNotice: 'function',
  onError: 'function',
};

/**
 * The shape of the options of a runtime; what `any` holds is read by whoever takes it.
 * @param own Options that the platform's entry has taken out already: a misspelt one is told with its name.
 * @throws {TypeError} on an unknown option, or one of the wrong kind.
 */
export function checkRuntimeOptions(options: RuntimeOptions, own: readonly string[] = []): void {
  for (const name of Object.keys(options))
    if (!Object.hasOwn(FIELDS, name))
      throw unknownName(`${CREATE}: unknown option`, name, [...Object.keys(FIELDS), ...own]);
  checkFields(options, FIELDS, CREATE);
  for (const host of options.hostFunctions ?? []) checkHostFunction(host);
}

/** What an embedder implements itself may have more fields than these. */
function checkHostFunction(host: AnyHostFunction): void {
  checkField(host, 'a host function', 'object!', CREATE);
  checkField(host.name, 'name of a host function', 'text!', CREATE);
  const where = `${CREATE}: host function "${host.name}"`;
  checkField(host.operations, 'operations', 'object!', where);
  checkField(host.open, 'open', 'function!', where);
}
