import { SandglassError } from '../../vocabulary/errors.ts';
import { guardBinary } from '../../wasm/guard.ts';
import { inspectBinary } from '../../wasm/inspect.ts';
import type { ExportedFunction } from './component-data.ts';
import { listExports } from './exports.ts';
import { checkImports } from './interfaces/check-imports.ts';
import { waitingImports } from './interfaces/waiting.ts';
import { readComponentTypes } from './types/read-component.ts';

/** Input of the job: bytes that nobody has looked at. */
export interface DescribeInput {
  readonly bytes: Uint8Array;
  /** For messages. */
  readonly name: string;
}

/** What a component says of itself; plain data. */
export interface Description {
  readonly imports: readonly string[];
  readonly exports: readonly ExportedFunction[];
  /** `interface@version#function` of the imports that may have to wait. */
  readonly waiting: readonly string[];
  /** Pages that each memory begins with. */
  readonly minimumPages: readonly number[];
}

/**
 * Guard → types and interfaces. Large components go through it in a worker that can be killed.
 * @throws {SandglassError} MODULE_INVALID for what is not a component, or imports something unknown.
 */
export function job(input: unknown): Description {
  const { bytes, name } = input as DescribeInput; // only prepare.ts sends this job
  if (guardBinary(bytes).kind !== 'component') {
    throw new SandglassError('MODULE_INVALID', `Cannot load "${name}": it is a core module, not a component`);
  }
  const types = readComponentTypes(bytes);
  return {
    imports: checkImports(types),
    exports: listExports(types),
    waiting: waitingImports(types),
    minimumPages: inspectBinary(bytes).memories.map(({ minimum }) => minimum),
  };
}
