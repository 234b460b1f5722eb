import { isCircle } from './circles.ts';
import { type InspectOptions, inspect, primitive } from './inspect.ts';
import {
  bigintToText,
  functionToText,
  getOwnPropertyDescriptor,
  getPrototypeOf,
  includes,
  jsonStringify,
  slice,
} from './primordials.ts';

/** The arguments of `console.log`: a format text with `%s %d %i %f %j %o %O %c %%`, then the rest. */
export const format = (args: readonly unknown[], options?: InspectOptions): string => {
  const first = args[0];
  let text = '';
  let next = 0;
  if (typeof first === 'string') {
    next = 1;
    let start = 0;
    for (let at = 0; at < first.length - 1 && args.length > 1; at++) {
      if (first[at] !== '%') continue;
      const kind = first[at + 1] as string; // within its length
      if (kind === '%') {
        text += `${slice(first, start, at)}%`;
        at += 1;
        start = at + 1;
        continue;
      }
      if (next >= args.length || !includes('sdifjoOc', kind)) continue;
      text += slice(first, start, at) + formatOne(kind, args[next], options);
      next += 1;
      at += 1;
      start = at + 1;
    }
    text += slice(first, start);
  }
  for (; next < args.length; next++) {
    const value = args[next];
    text += `${next > 0 ? ' ' : ''}${typeof value === 'string' ? value : inspect(value, options)}`;
  }
  return text;
};

const formatOne = (kind: string, value: unknown, options: InspectOptions | undefined): string => {
  switch (kind) {
    case 's':
      if (typeof value === 'string') return value;
      if (typeof value !== 'object' || value === null)
        return typeof value === 'function' ? functionToText(value) : (primitive(value) ?? '');
      return saysItself(value) ? `${value as unknown as string}` : inspect(value, { ...options, depth: 0 });
    case 'd':
      return typeof value === 'bigint'
        ? `${bigintToText(value)}n`
        : typeof value === 'symbol'
          ? 'NaN'
          : `${Number(value)}`;
    case 'i':
      return typeof value === 'bigint'
        ? `${bigintToText(value)}n`
        : typeof value === 'symbol'
          ? 'NaN'
          : `${parseInt(value as string, 10)}`;
    case 'f':
      return typeof value === 'symbol' ? 'NaN' : `${parseFloat(value as string)}`;
    case 'j':
      return jsonOf(value);
    case 'c':
      return '';
    default:
      return inspect(value, kind === 'o' ? { ...options, showHidden: true, depth: 4 } : options);
  }
};

/** A circle is named, as Node has it; whatever else is wrong is thrown. */
const jsonOf = (value: unknown): string => {
  try {
    return jsonStringify(value) ?? 'undefined';
  } catch (error) {
    if (!(error instanceof TypeError) || !isCircle(error)) throw error;
    return '[Circular]';
  }
};

/** Whether a class of the program's own says how its objects read as text. */
const saysItself = (value: object): boolean => {
  let holder: object | null = value;
  for (let hops = 0; holder !== null && hops < 50; hops++) {
    const found = getOwnPropertyDescriptor(holder, 'toString');
    if (found !== undefined)
      return typeof found.value === 'function' && !includes(functionToText(found.value), '[native code]');
    holder = getPrototypeOf(holder);
  }
  return false;
};
