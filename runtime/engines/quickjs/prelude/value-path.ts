import type { Frame } from './out-walk.ts';
import { jsonStringify } from './primordials.ts';

/** Keys that lead to the present item, as the inside of a JSON list. */
export const pathTo = (open: readonly Frame[]): string => {
  let text = '';
  for (let index = 0; index < open.length; index++) {
    const { keys, at } = open[index] as Frame; // within its length
    text += `${index > 0 ? ',' : ''}${keys === undefined ? at : jsonStringify(keys[at])}`;
  }
  return text;
};

/** `"a",0,"b"` → `value["a"][0]["b"]`. */
export const show = (path: string): string => {
  if (path === '') return 'the value itself';
  let text = 'value[';
  let quoted = false;
  for (let index = 0; index < path.length; index++) {
    const unit = path[index] as string; // within its length
    if (unit === '\\') {
      text += unit + (path[index + 1] ?? '');
      index += 1;
      continue;
    }
    if (unit === '"') quoted = !quoted;
    text += unit === ',' && !quoted ? '][' : unit;
    if (text.length > 300) return `${text}…`;
  }
  return `${text}]`;
};
