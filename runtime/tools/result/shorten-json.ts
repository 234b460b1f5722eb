import { isJsonObject, type JsonValue } from '../../vocabulary/json.ts';

interface Bounds {
  readonly characters: number;
  readonly items: number;
  readonly fields: number;
}

/** From what hardly shows to what leaves little but the names of fields. */
const STEPS: readonly Bounds[] = [
  { characters: 4_000, items: 200, fields: 400 },
  { characters: 1_000, items: 100, fields: 200 },
  { characters: 400, items: 40, fields: 100 },
  { characters: 200, items: 15, fields: 60 },
  { characters: 80, items: 6, fields: 30 },
  { characters: 40, items: 3, fields: 15 },
  { characters: 20, items: 1, fields: 8 },
  { characters: 8, items: 0, fields: 4 },
];

/** Beyond it nothing is gone into. */
const MOST_DEPTH = 60;

/** JSON of the same form with its texts and lists shortened, all fields at its top; `undefined` for what is not JSON, or cannot be made to fit. */
export function shortenJson(text: string, maxChars: number): string | undefined {
  if (!/^\s*[[{]/.test(text.slice(0, 100))) return undefined;
  let value: JsonValue;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  for (const bounds of STEPS) {
    const shortened = JSON.stringify(cut(value, bounds, 0));
    if (shortened.length <= maxChars) return shortened;
  }
  return undefined;
}

function cut(value: JsonValue, bounds: Bounds, depth: number): JsonValue {
  if (typeof value === 'string') {
    const more = value.length - bounds.characters;
    return more <= 30 ? value : `${value.slice(0, bounds.characters)}… [${more} more characters]`;
  }
  if (typeof value !== 'object' || value === null) return value;
  if (depth > MOST_DEPTH) return '… [nested deeper]';
  if (Array.isArray(value)) {
    const items: readonly JsonValue[] = value;
    const kept = items.slice(0, bounds.items).map((item) => cut(item, bounds, depth + 1));
    const more = items.length - kept.length;
    return more === 0 ? kept : [...kept, `… [${more} more items]`];
  }
  if (!isJsonObject(value)) return value;
  const fields = Object.entries(value);
  const kept = depth === 0 ? fields : fields.slice(0, bounds.fields);
  const more = fields.length - kept.length;
  return Object.fromEntries([
    ...kept.map(([name, item]): [string, JsonValue] => [name, cut(item, bounds, depth + 1)]),
    ...(more === 0 ? [] : [['…', `[${more} more fields]`] as [string, JsonValue]]),
  ]);
}
