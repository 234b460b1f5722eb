import type { PreparedGuest, RunJob } from '../contracts/engine.ts';
import type { CheckInput } from '../contracts/platform.ts';
import { copyJson } from '../vocabulary/copy-json.ts';
import { SandglassError } from '../vocabulary/errors.ts';
import type { JsonObject } from '../vocabulary/json.ts';
import { programName } from './program-name.ts';
import type { RunRequest } from './read-run-options.ts';
import { inputSchemaOf } from './tool-manifest.ts';

export interface InputChecks {
  readonly check: CheckInput | undefined;
  readonly job: RunJob | undefined;
}

/**
 * What a tool is called with: `inputs`, else the JSON object that its stdin holds. Held to the schema of its manifest, where it has one.
 * @throws {SandglassError} INPUT_INVALID naming each place that does not fit; MANIFEST_INVALID for a schema that is none;
 * UNSUPPORTED for one that cannot be checked here.
 */
export async function toolInput(
  request: RunRequest,
  guest: PreparedGuest,
  { check, job }: InputChecks,
): Promise<JsonObject> {
  // A run that names an export calls just that.
  if (guest.tool === undefined || request.invoke !== undefined) return request.inputs;
  const name = programName(request);
  const input = Object.keys(request.inputs).length > 0 ? request.inputs : readStdin(request.stdin, name);
  const schema = schemaOf(guest.tool, name);
  if (schema === undefined || check === undefined) return input;
  const found = await check(schema, input, job);
  if (found.kind === 'fits') return input;
  if (found.kind === 'no-schema') {
    throw new SandglassError(
      'MANIFEST_INVALID',
      `Cannot run the tool "${name}": input of its manifest is not JSON Schema: ${found.reason}`,
    );
  }
  if (found.kind === 'no-check') {
    throw new SandglassError('UNSUPPORTED', `Cannot check the input of the tool "${name}": ${found.reason}`);
  }
  const [first, ...rest] = found.faults;
  throw new SandglassError(
    'INPUT_INVALID',
    `Cannot call the tool "${name}": ${first?.message ?? 'its input does not fit'}${rest.length === 0 ? '' : ` (and ${rest.length} more)`}`,
    {
      details: { faults: found.faults.map(({ path, message }) => ({ path, message })) },
      hint: 'sandglass inspect shows what a tool takes',
    },
  );
}

/** By what a prepared tool says of itself, which is the same object in all its runs. */
const schemas = new WeakMap<object, JsonObject | undefined>();

function schemaOf(tool: NonNullable<PreparedGuest['tool']>, name: string): JsonObject | undefined {
  if (schemas.has(tool)) return schemas.get(tool);
  const schema = tool.manifest === undefined ? undefined : inputSchemaOf(tool.manifest, name);
  schemas.set(tool, schema);
  return schema;
}

function readStdin(stdin: Uint8Array, name: string): JsonObject {
  if (stdin.byteLength === 0) return {};
  let read: unknown;
  try {
    read = copyJson(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(stdin)), 'stdin');
  } catch {
    // Told below, like what is JSON and no object.
  }
  if (typeof read === 'object' && read !== null && !Array.isArray(read)) return read as JsonObject; // copied as JSON above
  throw new SandglassError(
    'INPUT_INVALID',
    `Cannot call the tool "${name}": its stdin is not a JSON object`,
    {
      hint: 'Pass the input as inputs, or as a JSON object on stdin',
    },
  );
}
