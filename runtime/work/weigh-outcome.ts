import { SLICE, type Slices } from '../vocabulary/in-slices.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../vocabulary/json.ts';
import type { OutcomeJson } from '../vocabulary/outcome-json.ts';

/** What objects take beside what they hold, bytes: an object or list, one element of it, a text, the outcome itself. */
const CONTAINER = 96;
const ELEMENT = 24;
const TEXT = 32;
const OUTCOME = 4_096;

/** How much memory an outcome holds, bytes; rather too much than too little. Its JSON form may be thirty times smaller. */
export function* weighOutcome(outcome: OutcomeJson): Slices<number> {
  const { stdout, stderr, value, files, error, meta } = outcome;
  // Those of calls of tools have its name, and what a model is shown.
  const { tool = '', text = '' } = outcome as OutcomeJson & {
    readonly tool?: string;
    readonly text?: string;
  };
  // A list that the runtime made: at most 1,000 calls, each of a few short fields.
  const calls = meta.calls === undefined ? 0 : JSON.stringify(meta.calls).length * 4;
  const steps = meta.trace === undefined ? 0 : JSON.stringify(meta.trace).length * 4;
  const own =
    OUTCOME +
    steps +
    calls +
    weighText(stdout) +
    weighText(stderr) +
    weighText(tool) +
    weighText(text) +
    (yield* weigh(value)) +
    (yield* weigh(files));
  if (error === undefined) return own;
  // Details are JSON of ours, with texts that a guest may have chosen.
  return (
    own +
    weighText(error.message) +
    weighText(error.hint ?? '') +
    weighText(JSON.stringify(error.details) ?? '') * 4
  );
}

const weighText = (text: string): number => TEXT + 2 * text.length;

function* weigh(value: JsonValue | undefined): Slices<number> {
  let parts = 0;
  const leaf = (item: JsonValue | undefined): number => (typeof item === 'string' ? weighText(item) : 0);
  function* container(of: readonly JsonValue[] | JsonObject): Slices<number> {
    let sum = CONTAINER;
    const names = isJsonObject(of) ? Object.keys(of) : undefined;
    const many = names?.length ?? (of as readonly JsonValue[]).length; // it has names, or it is a list
    for (let index = 0; index < many; index += 1) {
      if (++parts % SLICE === 0) yield;
      const name = names?.[index];
      if (name !== undefined) sum += weighText(name);
      const item = (of as Readonly<Record<number | string, JsonValue>>)[name ?? index];
      sum += ELEMENT + (typeof item === 'object' && item !== null ? yield* container(item) : leaf(item));
    }
    return sum;
  }
  return typeof value === 'object' && value !== null ? yield* container(value) : leaf(value);
}
