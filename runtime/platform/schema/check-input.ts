import type { RunJob } from '../../contracts/engine.ts';
import type { CheckInput, InputCheck } from '../../contracts/platform.ts';
import type { JsonObject, JsonValue } from '../../vocabulary/json.ts';
import { ownUrl } from '../../vocabulary/own-url.ts';
import { partsOf } from '../../vocabulary/size-of-json.ts';
import { type Check, type CheckJob, checkOf } from './check-job.ts';

/**
 * Longer inputs and schemas, and schemas with patterns or references, are looked at in a worker that can be killed: nobody trusts who wrote them.
 * To make code of a schema takes time by the square of its length, seconds for the longest that is read.
 */
const SMALL = { schema: 4_096, both: 65_536 } as const;
/** Parts of a schema times parts of an input: each may be a fault, of which all are kept until they are told. */
const FEW_PAIRS = 50_000;
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

interface Known {
  readonly check: Check;
  readonly parts: number;
  readonly length: number;
}

/** Of schemas that runs of one tool come with again and again; `costly` is one that is never looked at here. */
const checks = new WeakMap<JsonObject, Known | 'costly'>();

export const checkInput: CheckInput = async (schema, input, runJob): Promise<InputCheck> => {
  const known = checks.get(schema) ?? read(schema);
  checks.set(schema, known);
  if (known !== 'costly' && isSmall(known, input)) return known.check(input);
  if (runJob === undefined) return NO_JOBS;
  return (await jobIn(runJob, { schema, input })) as InputCheck; // our own job module's answer
};

function read(schema: JsonObject): Known | 'costly' {
  const { length } = JSON.stringify(schema);
  if (length > SMALL.schema || hasCostly(schema)) return 'costly';
  return { check: checkOf(schema), parts: partsOf(schema), length };
}

const isSmall = ({ parts, length }: Known, input: JsonObject): boolean =>
  length + JSON.stringify(input).length <= SMALL.both && parts * partsOf(input) <= FEW_PAIRS;

const jobIn = (runJob: RunJob, asked: CheckJob): Promise<unknown> =>
  runJob(ownUrl(import.meta.url, './check-job').href, asked, JOB);

/** What cannot be killed is not begun. */
const NO_JOBS: InputCheck = {
  kind: 'no-check',
  reason:
    'a schema that is large or has references or patterns, or a large input, is looked at in a worker, and there are none here',
};

const hasCostly = (part: JsonValue): boolean =>
  typeof part === 'object' &&
  part !== null &&
  Object.entries(part).some(([key, value]: [string, JsonValue]) => COSTLY.has(key) || hasCostly(value));
