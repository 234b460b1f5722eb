import { guestFrames } from './frames.ts';
import {
  apply,
  bigintToText,
  bytesOf,
  dateGetTime,
  dateToIso,
  ErrorType,
  floor,
  functionToText,
  getOwnPropertyDescriptor,
  getPrototypeOf,
  hasOwn,
  includes,
  isArray,
  isArrayBuffer,
  isDataView,
  isDate,
  isMap,
  isNotANumber,
  isRegExp,
  isSet,
  jsonStringify,
  mapForEach,
  mapSize,
  max,
  min,
  ownKeys,
  regexpToText,
  setForEach,
  setSize,
  slice,
  symbolToText,
  tagOf,
  toText,
  typedArrayBytes,
  typedArrayLength,
  typedArrayTag,
} from './primordials.ts';
import { rawFrames } from './stack.ts';

const LINE = 76;
const MOST_ITEMS = 100;
const MOST_TEXT = 10_000;
const GROUP_FROM = 7;

interface Context {
  readonly depth: number;
  readonly open: object[];
  /** Objects that contain themselves, in the order they are met. */
  readonly circular: object[];
}

/** One level's text: whether it was broken over lines decides how its parent is laid out. */
interface Laid {
  readonly text: string;
  /** Levels of containers inside it. */
  readonly levels: number;
}

/** What `console.log` shows of a value, in the manner of Node. */
export const inspect = (value: unknown, depth = 2): string =>
  show(value, { depth, open: [], circular: [] }, 0).text;

const leaf = (text: string): Laid => ({ text, levels: 0 });

const quoted = (text: string): string => {
  const cut = text.length > MOST_TEXT ? slice(text, 0, MOST_TEXT) : text;
  const rest = text.length - cut.length;
  const json = jsonStringify(cut);
  const mark = !includes(cut, "'") ? "'" : !includes(cut, '"') ? '"' : includes(cut, '`') ? "'" : '`';
  let inner = '';
  for (let at = 1; at < json.length - 1; at++) {
    const unit = json[at] as string; // within its length
    if (unit === '\\' && json[at + 1] === '"') {
      at += 1;
      inner += '"';
    } else if (unit === '\\') {
      at += 1;
      inner += unit + (json[at] ?? '');
    } else inner += unit === mark ? `\\${unit}` : unit;
  }
  return mark + inner + mark + (rest > 0 ? `... ${rest} more character${rest > 1 ? 's' : ''}` : '');
};

const isPlainName = (key: string): boolean => {
  if (key.length === 0) return false;
  for (let at = 0; at < key.length; at++) {
    const unit = key[at] as string; // within its length
    const letter =
      (unit >= 'a' && unit <= 'z') || (unit >= 'A' && unit <= 'Z') || unit === '_' || unit === '$';
    if (!letter && !(at > 0 && unit >= '0' && unit <= '9')) return false;
  }
  return true;
};

const primitive = (value: unknown): string | undefined => {
  switch (typeof value) {
    case 'string':
      return quoted(value);
    case 'number':
      return value === 0 && 1 / value < 0 ? '-0' : `${value}`;
    case 'bigint':
      return `${bigintToText(value)}n`;
    case 'symbol':
      return symbolToText(value);
    case 'object':
      return value === null ? 'null' : undefined;
    case 'function':
      return undefined;
    default:
      return `${value}`;
  }
};

/** The class name by the prototype chain, read without running a getter. */
const className = (value: object): string | null => {
  let prototype: object | null = value;
  for (let hops = 0; prototype !== null && hops < 50; hops++) {
    const found = getOwnPropertyDescriptor(prototype, 'constructor');
    if (found !== undefined && typeof found.value === 'function') {
      const name = getOwnPropertyDescriptor(found.value, 'name');
      if (name !== undefined && typeof name.value === 'string' && name.value !== '') return name.value;
    }
    prototype = getPrototypeOf(prototype);
  }
  return null;
};

const show = (value: unknown, context: Context, indent: number): Laid => {
  const simple = primitive(value);
  if (simple !== undefined) return leaf(simple);
  const object = value as object; // every primitive was answered above
  for (let at = 0; at < context.open.length; at++) {
    if (context.open[at] !== object) continue;
    let index = find(context.circular, object);
    if (index < 0) {
      index = context.circular.length;
      context.circular[index] = object;
    }
    return leaf(`[Circular *${index + 1}]`);
  }
  try {
    return showObject(object, context, indent);
  } catch (error) {
    // A getter or proxy trap of the guest threw; the rest of the output is still worth having.
    if (context.open.length > 0) throw error;
    return leaf('[object that cannot be shown]');
  }
};

const find = (list: readonly object[], wanted: object): number => {
  for (let at = 0; at < list.length; at++) if (list[at] === wanted) return at;
  return -1;
};

const CUSTOM = Symbol.for('nodejs.util.inspect.custom');

/** What an object says of itself, by the method that Node's own classes have; `undefined` without one, or when it fails. */
const ownText = (object: object, { depth }: Context): string | undefined => {
  try {
    const say = (object as { readonly [CUSTOM]?: unknown })[CUSTOM];
    if (typeof say !== 'function') return undefined;
    const told: unknown = apply(say, object, [depth, { depth }, inspect]);
    return typeof told === 'string' ? told : told === object ? undefined : inspect(told, depth);
  } catch {
    return undefined; // a getter or the method threw: the object is shown as any other
  }
};

const showObject = (object: object, context: Context, indent: number): Laid => {
  const told = ownText(object, context);
  if (told !== undefined) return leaf(told);
  const name = className(object);
  const tag = typedArrayTag(object);
  let prefix = '';
  let braces: readonly [string, string] = ['{', '}'];
  let items: (() => Laid)[] = [];
  let keys = visibleKeys(object, isArray(object) || tag !== undefined);
  const child = (item: unknown): Laid => show(item, context, indent + 2);

  if (typeof object === 'function') {
    prefix = functionPrefix(object, name);
    if (keys.length === 0) return leaf(prefix);
  } else if (isArray(object)) {
    braces = ['[', ']'];
    if (name !== 'Array') prefix = `${name ?? '[Array: null prototype]'}(${object.length})`;
    items = arrayItems(object, child);
  } else if (tag !== undefined) {
    braces = ['[', ']'];
    const length = typedArrayLength(object);
    prefix = `${name ?? tag}(${length})`;
    const numbers = object as unknown as ArrayLike<number | bigint>; // its tag says so
    for (let at = 0; at < min(length, MOST_ITEMS); at++) items[at] = () => child(numbers[at]);
    if (length > MOST_ITEMS) items[MOST_ITEMS] = () => leaf(more(length - MOST_ITEMS));
  } else if (isMap(object)) {
    prefix = `${name ?? 'Map'}(${mapSize(object)})`;
    mapForEach(object, (item, key) => {
      if (items.length < MOST_ITEMS) items[items.length] = () => pair(child(key), ' => ', child(item));
    });
    if (mapSize(object) > MOST_ITEMS) items[MOST_ITEMS] = () => leaf(more(mapSize(object) - MOST_ITEMS));
  } else if (isSet(object)) {
    prefix = `${name ?? 'Set'}(${setSize(object)})`;
    setForEach(object, (item) => {
      if (items.length < MOST_ITEMS) items[items.length] = () => child(item);
    });
    if (setSize(object) > MOST_ITEMS) items[MOST_ITEMS] = () => leaf(more(setSize(object) - MOST_ITEMS));
  } else if (isDate(object)) {
    const time = dateGetTime(object);
    prefix = !isNotANumber(time) ? dateToIso(object) : 'Invalid Date';
    if (keys.length === 0) return leaf(prefix);
  } else if (isRegExp(object)) {
    prefix = regexpToText(object);
    if (keys.length === 0) return leaf(prefix);
  } else if (object instanceof ErrorType || tagOf(object) === '[object Error]') {
    prefix = errorText(object as Error, indent);
    keys = withoutErrorFields(object, keys);
    if (hasOwn(object, 'cause')) keys[keys.length] = 'cause';
    if (keys.length === 0) return leaf(prefix);
  } else if (isArrayBuffer(object) || isDataView(object)) {
    prefix = name ?? 'ArrayBuffer';
    const bytes = bytesOf(object);
    items = [
      () => leaf(`[Uint8Contents]: <${bytes === undefined ? '' : hex(bytes)}>`),
      () => leaf(`[byteLength]: ${bytes === undefined ? 0 : typedArrayBytes(bytes)}`),
    ];
  } else if (tagOf(object) === '[object Promise]' || object instanceof Promise) {
    prefix = 'Promise';
    items = [() => leaf('<state unknown>')];
  } else if (object instanceof String || object instanceof Number || object instanceof Boolean) {
    prefix = `[${name ?? 'Object'}: ${primitive((object as { valueOf(): unknown }).valueOf()) ?? ''}]`;
    if (keys.length === 0 || object instanceof String) return leaf(prefix);
  } else {
    const own = tagFor(object, name);
    if (name === null) prefix = `[Object: null prototype]${own}`;
    else if (name !== 'Object' || own !== '') prefix = name + own;
  }

  if (context.open.length > context.depth && items.length + keys.length > 0) {
    return leaf(isArray(object) ? '[Array]' : `[${name ?? 'Object: null prototype'}${tagFor(object, name)}]`);
  }
  context.open[context.open.length] = object;
  const entries: string[] = [];
  let levels = 0;
  const add = (laid: Laid): void => {
    entries[entries.length] = laid.text;
    levels = max(levels, laid.levels);
  };
  for (let at = 0; at < items.length; at++) add((items[at] as () => Laid)()); // within its length
  const plain = entries.length;
  for (let at = 0; at < keys.length; at++) add(property(object, keys[at] as PropertyKey, child)); // within its length
  context.open.length -= 1;

  const circle = find(context.circular, object);
  const head = (circle < 0 ? '' : `<ref *${circle + 1}> `) + (prefix === '' ? '' : `${prefix} `);
  if (entries.length === 0) return { text: `${head}${braces[0]}${braces[1]}`, levels: 1 };
  const grouped = braces[0] === '[' && entries.length >= GROUP_FROM && plain === entries.length;
  const lines = grouped ? group(entries, object) : entries;
  return { text: layOut(lines, head, braces, indent, levels, lines !== entries), levels: levels + 1 };
};

const layOut = (
  entries: readonly string[],
  head: string,
  braces: readonly [string, string],
  indent: number,
  levels: number,
  grouped: boolean,
): string => {
  let total = entries.length + head.length + indent;
  let broken = levels > 2 || grouped || includes(head, '\n');
  for (let at = 0; at < entries.length; at++) {
    const entry = entries[at] as string; // within its length
    total += entry.length + 1;
    broken ||= includes(entry, '\n');
  }
  const [open, close] = braces;
  let text = '';
  if (!broken && total <= LINE) {
    for (let at = 0; at < entries.length; at++) text += `${at > 0 ? ', ' : ''}${entries[at]}`;
    return `${head}${open} ${text} ${close}`;
  }
  const margin = `\n${spaces(indent)}`;
  for (let at = 0; at < entries.length; at++) text += `${at > 0 ? ',' : ''}${margin}  ${entries[at]}`;
  return `${head}${open}${text}${margin}${close}`;
};

/** Long lists of short items go in columns: numbers to the right, the rest to the left. */
const group = (entries: readonly string[], object: object): readonly string[] => {
  let widest = 0;
  let total = 0;
  const last = entries[entries.length - 1] as string; // never empty here
  const overflow = includes(last, ' more item') ? 1 : 0;
  const count = entries.length - overflow;
  for (let at = 0; at < count; at++) {
    const entry = entries[at] as string; // within its length
    if (includes(entry, '\n')) return entries;
    widest = max(widest, entry.length);
    total += entry.length + 2;
  }
  const cell = widest + 2;
  if (cell * 3 >= LINE || (total / cell <= 5 && widest > 6)) return entries;
  // About as wide as high, as letters are 2.5 times as high as wide; lists of even width get a few columns more.
  const narrow = max(cell - 3 - Math.sqrt(cell - total / entries.length), 1);
  const square = Math.round(Math.sqrt(2.5 * narrow * count) / narrow);
  const columns = min(square, floor(80 / cell), 12);
  if (columns <= 1) return entries;
  const first = isArray(object) ? object[0] : 0;
  const right = typeof first === 'number' || typeof first === 'bigint';
  const widths: number[] = [];
  for (let column = 0; column < columns; column++) {
    let width = 0;
    for (let at = column; at < count; at += columns) width = max(width, (entries[at] as string).length);
    widths[column] = width + 2;
  }
  const rows: string[] = [];
  for (let start = 0; start < count; start += columns) {
    let row = '';
    const end = min(start + columns, count);
    for (let at = start; at < end; at++) {
      const cellText = at + 1 < end ? `${entries[at]}, ` : (entries[at] as string);
      const pad = spaces((widths[at - start] as number) - (at + 1 < end ? 0 : 2) - cellText.length);
      row += right ? pad + cellText : at + 1 < end ? cellText + pad : cellText;
    }
    rows[rows.length] = row;
  }
  if (overflow === 1) rows[rows.length] = last;
  return rows;
};

const pair = (key: Laid, between: string, value: Laid): Laid => ({
  text: key.text + between + value.text,
  levels: max(key.levels, value.levels),
});

const property = (object: object, key: PropertyKey, child: (item: unknown) => Laid): Laid => {
  const found = getOwnPropertyDescriptor(object, key);
  const name =
    typeof key === 'symbol'
      ? symbolToText(key)
      : isPlainName(toText(key))
        ? toText(key)
        : quoted(toText(key));
  const label = key === 'cause' && found?.enumerable === false ? '[cause]: ' : `${name}: `;
  if (found !== undefined && (found.get !== undefined || found.set !== undefined)) {
    const kind = found.get === undefined ? 'Setter' : found.set === undefined ? 'Getter' : 'Getter/Setter';
    return leaf(`${label}[${kind}]`);
  }
  const value = found === undefined ? (object as Record<PropertyKey, unknown>)[key] : found.value;
  return pair(leaf(label), '', child(value));
};

const visibleKeys = (object: object, indexed: boolean): PropertyKey[] => {
  const visible: PropertyKey[] = [];
  const keys = ownKeys(object);
  for (let at = 0; at < keys.length && visible.length < 1000; at++) {
    const key = keys[at] as PropertyKey; // within its length
    if (indexed && typeof key === 'string' && isIndex(key)) continue;
    if (getOwnPropertyDescriptor(object, key)?.enumerable === true) visible[visible.length] = key;
  }
  return visible;
};

const isIndex = (key: string): boolean => {
  for (let at = 0; at < key.length; at++) {
    const unit = key[at] as string; // within its length
    if (unit < '0' || unit > '9') return false;
  }
  return key.length > 0;
};

const withoutErrorFields = (object: object, keys: readonly PropertyKey[]): PropertyKey[] => {
  const left: PropertyKey[] = [];
  for (let at = 0; at < keys.length; at++) {
    const key = keys[at] as PropertyKey; // within its length
    if (key === 'stack' || key === 'message' || key === 'cause') continue;
    if (key === 'name' && object instanceof ErrorType) continue;
    left[left.length] = key;
  }
  return left;
};

const arrayItems = (array: readonly unknown[], child: (item: unknown) => Laid): (() => Laid)[] => {
  const items: (() => Laid)[] = [];
  const { length } = array;
  let at = 0;
  while (at < length && items.length < MOST_ITEMS) {
    const index = at;
    if (hasOwn(array, index)) {
      items[items.length] = () => child(array[index]);
      at += 1;
      continue;
    }
    while (at < length && at - index < 100_000 && !hasOwn(array, at)) at += 1;
    if (at - index >= 100_000) at = length;
    const holes = at - index;
    items[items.length] = () => leaf(`<${holes} empty item${holes > 1 ? 's' : ''}>`);
  }
  if (at < length) {
    const rest = length - at;
    items[items.length] = () => leaf(more(rest));
  }
  return items;
};

const more = (count: number): string => `... ${count} more item${count > 1 ? 's' : ''}`;

const functionPrefix = (fn: object, name: string | null): string => {
  const own = getOwnPropertyDescriptor(fn, 'name');
  const label = own !== undefined && typeof own.value === 'string' ? own.value : '';
  if (slice(functionToText(fn), 0, 6) === 'class ' || slice(functionToText(fn), 0, 6) === 'class{') {
    const parent = getPrototypeOf(fn) as object | null;
    const parentName = parent === null ? undefined : getOwnPropertyDescriptor(parent, 'name')?.value;
    const base = typeof parentName === 'string' && parentName !== '' ? ` extends ${parentName}` : '';
    return `[class ${label === '' ? '(anonymous)' : label}${base}]`;
  }
  const kind = name ?? 'Function';
  return `[${kind}${label === '' ? ' (anonymous)' : `: ${label}`}]`;
};

const tagFor = (object: object, name: string | null): string => {
  const tag = (object as { readonly [Symbol.toStringTag]?: unknown })[Symbol.toStringTag];
  return typeof tag === 'string' && tag !== '' && tag !== name ? ` [${tag}]` : '';
};

/** `Name: message` and the frames of the guest, each line moved in by `indent`. */
const errorText = (error: Error, indent: number): string => {
  const name = textField(error, 'name') ?? 'Error';
  const message = textField(error, 'message') ?? '';
  const frames = guestFrames(rawFrames(error));
  const head = message === '' ? name : `${name}: ${message}`;
  if (frames === '') return `[${head}]`;
  let text = head;
  let start = 0;
  for (let at = 0; at <= frames.length; at++) {
    if (at < frames.length && frames[at] !== '\n') continue;
    if (at > start) text += `\n${spaces(indent)}${slice(frames, start, at)}`;
    start = at + 1;
  }
  return text;
};

const textField = (object: object, key: string): string | undefined => {
  const value = (object as Record<string, unknown>)[key];
  return typeof value === 'string' ? value : undefined;
};

const hex = (bytes: Uint8Array): string => {
  const digits = '0123456789abcdef';
  let text = '';
  for (let at = 0; at < min(typedArrayBytes(bytes), 50); at++) {
    const byte = bytes[at] as number; // within its length
    text += `${at > 0 ? ' ' : ''}${digits[byte >> 4]}${digits[byte & 15]}`;
  }
  return typedArrayBytes(bytes) > 50 ? `${text} ... ${typedArrayBytes(bytes) - 50} more bytes` : text;
};

const spaces = (count: number): string => {
  let text = '';
  for (let at = 0; at < count; at++) text += ' ';
  return text;
};

/** The arguments of `console.log`: a format text with `%s %d %i %f %j %o %O %c %%`, then the rest. */
export const format = (args: readonly unknown[]): string => {
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
      text += slice(first, start, at) + formatOne(kind, args[next]);
      next += 1;
      at += 1;
      start = at + 1;
    }
    text += slice(first, start);
  }
  for (; next < args.length; next++) {
    const value = args[next];
    text += `${next > 0 ? ' ' : ''}${typeof value === 'string' ? value : inspect(value)}`;
  }
  return text;
};

const formatOne = (kind: string, value: unknown): string => {
  switch (kind) {
    case 's':
      if (typeof value === 'string') return value;
      return typeof value === 'bigint' || (typeof value === 'object' && value !== null)
        ? inspect(value, 0)
        : typeof value === 'function'
          ? inspect(value)
          : (primitive(value) ?? '');
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
      return jsonStringify(value) ?? 'undefined';
    case 'c':
      return '';
    default:
      return inspect(value, kind === 'o' ? 4 : 2);
  }
};
