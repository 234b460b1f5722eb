import type { RunJob } from '../../contracts/engine.ts';
import type { CheckInput, InputCheck } from '../../contracts/platform.ts';
import type { JsonObject, JsonValue } from '../../vocabulary/json.ts';
import { ownUrl } from '../../vocabulary/own-url.ts';
import { type Check, type CheckJob, checkOf } from './check-job.ts';

/** Longer inputs and schemas, and schemas with patterns or references, are looked at in a worker that can be killed: nobody trusts who wrote them. */
const SMALL_CHARS = 65_536;
const JOB = { timeoutMs: 10_000, memoryMb: 256 };
/** Their time depends on the text that they are held against, or grows by the square of it; references may double at each link. */
const COSTLY: ReadonlySet<string> = new Set([
  'pattern',
  'patternProperties',
  'uniqueItems',
  '$ref',
  '$dynamicRef',
  '$recursiveRef',
]);

/** Of schemas that runs of one tool come with again and again. */
const checks = new WeakMap<JsonObject, Check>();

export const checkInput: CheckInput = async (schema, input, runJob): Promise<InputCheck> => {
  if (runJob !== undefined && isCostly(schema, input))
    return (await jobIn(runJob, { schema, input })) as InputCheck; // our own job module's answer
  const check = checks.get(schema) ?? checkOf(schema);
  checks.set(schema, check);
  return check(input);
};

const jobIn = (runJob: RunJob, asked: CheckJob): Promise<unknown> =>
  runJob(ownUrl(import.meta.url, './check-job').href, asked, JOB);

const isCostly = (schema: JsonObject, input: JsonObject): boolean =>
  names(schema) || JSON.stringify([schema, input]).length > SMALL_CHARS;

const names = (part: JsonValue): boolean =>
  typeof part === 'object' &&
  part !== null &&
  Object.entries(part).some(([key, value]: [string, JsonValue]) => COSTLY.has(key) || names(value));
