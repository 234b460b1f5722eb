import type { JsonValue } from '../vocabulary/codec.ts';
import type { OutcomeJson } from '../vocabulary/outcome-json.ts';

/** What objects take beside what they hold, bytes: an object or list, one element of it, a text, the outcome itself. */
const CONTAINER = 96;
const ELEMENT = 24;
const TEXT = 32;
const OUTCOME = 4_096;

/** How much memory an outcome holds, bytes; rather too much than too little. Its JSON form may be thirty times smaller. */
export function weighOutcome({ stdout, stderr, value, files, error }: OutcomeJson): number {
  const own = OUTCOME + weighText(stdout) + weighText(stderr) + weigh(value) + weigh(files);
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

function weigh(value: JsonValue | undefined): number {
  if (typeof value === 'string') return weighText(value);
  if (typeof value !== 'object' || value === null) return 0;
  let sum = CONTAINER;
  if (Array.isArray(value)) {
    for (const item of value) sum += ELEMENT + weigh(item);
    return sum;
  }
  for (const [key, item] of Object.entries(value)) sum += ELEMENT + weighText(key) + weigh(item);
  return sum;
}
