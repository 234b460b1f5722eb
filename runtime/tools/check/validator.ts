import type { ArgumentFault } from '../../contracts/api/tool-call.ts';
import type { JsonValue } from '../../vocabulary/json.ts';
import type { JsonSchema } from '../../vocabulary/manifest.ts';

export type Checked =
  | { readonly ok: true; readonly value: JsonValue }
  | { readonly ok: false; readonly faults: readonly ArgumentFault[] };

export interface Validator {
  /** Checks a copy, filled with the defaults of the schema. @param coerce Texts become the numbers and booleans that they spell. */
  check(value: JsonValue, options: { readonly coerce: boolean }): Checked;
}

/** Compiles schemas, each once for its content. */
export interface Validators {
  /** @throws {Error} saying why it is not a schema that can be checked. */
  of(schema: JsonSchema): Validator;
  /** How many were compiled. */
  readonly compiled: number;
}

/** A schema that does not fit the schema of schemas. */
export class SchemaFault extends Error {
  readonly faults: readonly ArgumentFault[];

  constructor(faults: readonly ArgumentFault[]) {
    super(faults[0]?.message ?? 'it is not a JSON Schema');
    this.faults = faults;
  }
}
