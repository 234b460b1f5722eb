import { guestFrames } from './frames.ts';
import type { Host } from './host.ts';
import { group, type Layout, layOut, spaces } from './inspect-layout.ts';
import { itemsLeft, type Left } from './items-left.ts';
import {
  apply,
  Bytes,
  bigintToText,
  bytesOf,
  charCodeAt,
  dateGetTime,
  dateToIso,
  ErrorType,
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
  PromiseType,
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
  WeakMapType,
  WeakSetType,
} from './primordials.ts';
import { proxied } from './proxies.ts';
import { rawFrames } from './stack.ts';

/** As Node's `util.inspect` has them. */
export interface InspectOptions {
  /** Levels shown inside. @default 2 */
  readonly depth?: number | null | undefined;
  /** @default false */
  readonly colors?: boolean | undefined;
  /** What is not enumerable, too. @default false */
  readonly showHidden?: boolean | undefined;
  /** @default 100 */
  readonly maxArrayLength?: number | null | undefined;
  /** @default 10_000 */
  readonly maxStringLength?: number | null | undefined;
  /** @default 80 */
  readonly breakLength?: number | undefined;
  /** @default 3 */
  readonly compact?: boolean | number | undefined;
  readonly sorted?: boolean | ((a: string, b: string) => number) | undefined;
  readonly getters?: boolean | undefined;
  readonly customInspect?: boolean | undefined;
  readonly numericSeparator?: boolean | undefined;
  /** Proxies with their handlers. @default false */
  readonly showProxy?: boolean | number | undefined;
}

interface Context extends Layout {
  readonly depth: number;
  readonly hidden: boolean;
  readonly mostItems: number;
  readonly mostText: number;
  readonly given: InspectOptions;
  readonly open: object[];
  /** Objects that contain themselves, in the order they are met. */
  readonly circular: object[];
  /** The level of the object that was laid out last. */
  level: number;
}

/** What is told in the debugger's colours: kind → codes before and after. */
const COLORS: Readonly<Record<string, readonly [number, number]>> = {
  __proto__: null,
  number: [33, 39],
  bigint: [33, 39],
  boolean: [33, 39],
  string: [32, 39],
  symbol: [32, 39],
  undefined: [90, 39],
  null: [1, 22],
  special: [36, 39],
  date: [35, 39],
  regexp: [31, 39],
} as unknown as Readonly<Record<string, readonly [number, number]>>; // `__proto__: null` is syntax, not a field

const styled = (text: string, kind: string, colors: boolean): string => {
  const codes = colors ? COLORS[kind] : undefined;
  return codes === undefined ? text : `\u001b[${codes[0]}m${text}\u001b[${codes[1]}m`;
};

const limit = (given: number | null | undefined, normal: number): number =>
  given === null ? Infinity : given === undefined ? normal : max(0, given);

const contextOf = (given: InspectOptions): Context => ({
  depth: given.depth === null ? Infinity : (given.depth ?? 2),
  hidden: given.showHidden === true,
  mostItems: limit(given.maxArrayLength, 100),
  mostText: limit(given.maxStringLength, 10_000),
  breakLength: given.breakLength ?? 80,
  compact: given.compact === false ? 0 : typeof given.compact === 'number' ? given.compact : 3,
  colors: given.colors === true,
  given,
  open: [],
  circular: [],
  level: 0,
});

/** What `console.log` shows of a value, in the manner of Node. */
export const inspect = (value: unknown, options: number | InspectOptions = 2): string =>
  show(value, contextOf(typeof options === 'number' ? { depth: options } : options), 0);

const quoted = (text: string, mostText = Infinity): string => {
  const cut = text.length > mostText ? slice(text, 0, mostText) : text;
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
      if (json[at] === 'u' && json[at + 1] === '0') {
        inner += `\\x${hexUpper(slice(json, at + 3, at + 5))}`;
        at += 4;
      } else inner += unit + (json[at] ?? '');
    } else inner += unit === mark ? `\\${unit}` : isC1(unit) ? escapedC1(unit) : unit;
  }
  return mark + inner + mark + (rest > 0 ? `... ${rest} more character${rest > 1 ? 's' : ''}` : '');
};

const hexUpper = (digits: string): string => digits.toUpperCase();
/** The control characters behind ASCII, which JSON writes as they are. */
const isC1 = (unit: string): boolean => unit >= '\u007f' && unit <= '\u009f';
const escapedC1 = (unit: string): string => `\\x${hexUpper(charCodeAt(unit, 0).toString(16))}`;

const isPlainName = (key: string): boolean => {
  if (key.length === 0) return false;
  for (let at = 0; at < key.length; at++) {
    const unit = key[at] as string; // within its length
    const letter = (unit >= 'a' && unit <= 'z') || (unit >= 'A' && unit <= 'Z') || unit === '_';
    if (!letter && !(at > 0 && unit >= '0' && unit <= '9')) return false;
  }
  return true;
};

export const primitive = (value: unknown, mostText = Infinity): string | undefined => {
  switch (typeof value) {
    case 'string':
      return quoted(value, mostText);
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

/** A text that a level inside shows on several lines, cut where the lines end. */
const inLines = (text: string, context: Context, indent: number): string | undefined => {
  if (context.compact === 0 || text.length <= 16 || text.length <= context.breakLength - indent - 4)
    return undefined;
  if (!includes(text, '\n')) return undefined;
  let shown = '';
  let start = 0;
  for (let at = 0; at < text.length; at++) {
    if (text[at] !== '\n' && at < text.length - 1) continue;
    const line = styled(quoted(slice(text, start, at + 1)), 'string', context.colors);
    shown += `${start > 0 ? ` +\n${spaces(indent + 2)}` : ''}${line}`;
    start = at + 1;
  }
  return shown;
};

const separated = (text: string): string => {
  const [, sign = '', whole = '', rest = ''] = /^(-?)(\d+)(.*)$/s.exec(text) ?? [];
  if (whole === '' || includes(rest, 'e')) return text;
  let grouped = '';
  for (let at = 0; at < whole.length; at++)
    grouped += (at > 0 && (whole.length - at) % 3 === 0 ? '_' : '') + whole[at];
  let fraction = '';
  for (let at = 1; at < rest.length; at++)
    fraction += (at > 1 && (at - 1) % 3 === 0 && rest[at] !== 'n' ? '_' : '') + rest[at];
  return sign + grouped + (rest === '' ? '' : rest[0] + fraction);
};

/** The class name by the prototype chain, read without running a getter. */
const className = (value: object): string | null => {
  let prototype: object | null = value;
  for (let hops = 0; prototype !== null && hops < 50; hops++) {
    const found = getOwnPropertyDescriptor(prototype, 'constructor');
    // A prototype is no instance of the class that it is of.
    const own =
      hops === 0 &&
      typeof found?.value === 'function' &&
      getOwnPropertyDescriptor(found.value, 'prototype')?.value === value;
    if (found !== undefined && typeof found.value === 'function' && !own) {
      const name = getOwnPropertyDescriptor(found.value, 'name');
      if (name !== undefined && typeof name.value === 'string' && name.value !== '') return name.value;
    }
    prototype = getPrototypeOf(prototype);
  }
  return null;
};

const show = (value: unknown, context: Context, indent: number): string => {
  const long = typeof value === 'string' ? inLines(value, context, indent) : undefined;
  if (long !== undefined) return long;
  const simple = primitive(value, context.mostText);
  if (simple !== undefined) {
    const kind = value === null ? 'null' : typeof value;
    const numeric = kind === 'number' || kind === 'bigint';
    const shown = numeric && context.given.numericSeparator === true ? separated(simple) : simple;
    return styled(shown, kind, context.colors);
  }
  const object = value as object; // every primitive was answered above
  for (let at = 0; at < context.open.length; at++) {
    if (context.open[at] !== object) continue;
    let index = find(context.circular, object);
    if (index < 0) {
      index = context.circular.length;
      context.circular[index] = object;
    }
    return styled(`[Circular *${index + 1}]`, 'special', context.colors);
  }
  try {
    return showObject(object, context, indent);
  } catch (error) {
    // A getter or proxy trap of the guest threw; the rest of the output is still worth having.
    if (context.open.length > 0) throw error;
    return '[object that cannot be shown]';
  }
};

const find = (list: readonly object[], wanted: object): number => {
  for (let at = 0; at < list.length; at++) if (list[at] === wanted) return at;
  return -1;
};

const CUSTOM = Symbol.for('nodejs.util.inspect.custom');

/** What an object says of itself, by the method that Node's own classes have; `undefined` without one, or when it fails. */
const ownText = (object: object, context: Context, indent: number): string | undefined => {
  if (context.given.customInspect === false) return undefined;
  try {
    const say = (object as { readonly [CUSTOM]?: unknown })[CUSTOM];
    if (typeof say !== 'function' || say === inspect) return undefined;
    const depth = context.depth - context.open.length;
    const stylize = (text: string, kind: string): string => styled(text, kind, context.colors);
    const told: unknown = apply(say, object, [depth, { ...context.given, depth, stylize }, inspect]);
    if (typeof told !== 'string') return told === object ? undefined : show(told, context, indent);
    return includes(told, '\n') ? moved(told, indent) : told;
  } catch {
    return undefined; // a getter or the method threw: the object is shown as any other
  }
};

/** A text of several lines, all but the first moved in. */
const moved = (text: string, indent: number): string => {
  let shown = '';
  let start = 0;
  for (let at = 0; at <= text.length; at++) {
    if (at < text.length && text[at] !== '\n') continue;
    shown += (start > 0 ? `\n${spaces(indent)}` : '') + slice(text, start, at);
    start = at + 1;
  }
  return shown;
};

/** Tells the state of a promise: 0 pending, 1 fulfilled, 2 rejected. The engine alone knows it. */
let promises: Pick<Host, 'promiseState' | 'promiseResult'> | undefined;
export const installInspect = (host: Host): void => {
  promises = host;
};

/** The class of the language that an object is of, told where its own class has another name. */
const kindOf = (name: string | null, kind: string): string => {
  if (name === null) return `[${kind}: null prototype]`;
  return name === kind ? kind : name;
};
/** `H 1970-01-01…`: the class of the program's own before what the object says of itself. */
const classBefore = (name: string | null, kind: string): string =>
  name === kind ? '' : `${name ?? `[${kind}: null prototype]`} `;
const kindAfter = (name: string | null, kind: string): string =>
  name === null || includes(name, kind) ? '' : ` [${kind}]`;

/** What an object shows before its fields: name, brackets, items. A text alone where that is all. */
interface Parts {
  readonly prefix: string;
  readonly braces: readonly [string, string];
  readonly items: readonly (() => string)[];
  readonly keys: readonly PropertyKey[];
  /** Its items may go in columns. */
  readonly listed: boolean;
}

const partsOf = (
  object: object,
  name: string | null,
  context: Context,
  indent: number,
  child: (item: unknown) => string,
): Parts | string => {
  const { colors, mostItems } = context;
  const tag = typedArrayTag(object);
  const special = (text: string, kind = 'special'): string => styled(text, kind, colors);
  let prefix = '';
  let braces: readonly [string, string] = ['{', '}'];
  let items: (() => string)[] = [];
  let keys = visibleKeys(object, isArray(object) || tag !== undefined, context);
  let listed = false;

  if (typeof object === 'function') {
    prefix = functionPrefix(object, name);
    if (keys.length === 0) return special(prefix);
  } else if (isArray(object)) {
    listed = true;
    braces = ['[', ']'];
    if (name !== 'Array') prefix = `${name ?? '[Array: null prototype]'}(${object.length})`;
    items = arrayItems(object, child, context);
  } else if (tag !== undefined) {
    listed = true;
    braces = ['[', ']'];
    const length = typedArrayLength(object);
    prefix = `${kindOf(name, tag)}(${length})${kindAfter(name, tag)}`;
    const numbers = object as unknown as ArrayLike<number | bigint>; // its tag says so
    for (let at = 0; at < min(length, mostItems); at++) items[at] = () => child(numbers[at]);
    if (length > mostItems) items[mostItems] = () => more(length - mostItems);
  } else if (isMap(object)) {
    prefix = `${kindOf(name, 'Map')}(${mapSize(object)})${kindAfter(name, 'Map')}`;
    mapForEach(object, (item, key) => {
      if (items.length < mostItems) items[items.length] = () => `${child(key)} => ${child(item)}`;
    });
    if (mapSize(object) > mostItems) items[mostItems] = () => more(mapSize(object) - mostItems);
  } else if (isSet(object)) {
    prefix = `${kindOf(name, 'Set')}(${setSize(object)})${kindAfter(name, 'Set')}`;
    setForEach(object, (item) => {
      if (items.length < mostItems) items[items.length] = () => child(item);
    });
    if (setSize(object) > mostItems) items[mostItems] = () => more(setSize(object) - mostItems);
  } else if (isDate(object)) {
    const time = dateGetTime(object);
    prefix =
      classBefore(name, 'Date') + special(!isNotANumber(time) ? dateToIso(object) : 'Invalid Date', 'date');
    if (keys.length === 0) return prefix;
  } else if (isRegExp(object)) {
    prefix = classBefore(name, 'RegExp') + special(regexpToText(object), 'regexp');
    if (keys.length === 0) return prefix;
  } else if (object instanceof ErrorType || tagOf(object) === '[object Error]') {
    prefix = errorText(object as Error, indent, name);
    keys = withoutErrorFields(object, keys);
    if (hasOwn(object, 'cause')) keys[keys.length] = 'cause';
    if (hasOwn(object, 'errors') && isArray((object as { readonly errors?: unknown }).errors))
      keys[keys.length] = 'errors';
    if (keys.length === 0) return prefix;
  } else if (isArrayBuffer(object) || isDataView(object) || tagOf(object) === '[object SharedArrayBuffer]') {
    prefix = name ?? 'ArrayBuffer';
    const bytes = bytesOf(object) ?? sharedBytes(object);
    const shown = bytes === undefined ? '' : hex(bytes);
    const length = bytes === undefined ? 0 : typedArrayBytes(bytes);
    if (isDataView(object)) {
      items = [
        () => `[byteLength]: ${child(length)}`,
        () => `[byteOffset]: ${child((object as unknown as DataView).byteOffset)}`,
        () => `[buffer]: ${child((object as unknown as DataView).buffer)}`,
      ];
    } else items = [() => `[Uint8Contents]: <${shown}>`, () => `[byteLength]: ${child(length)}`];
  } else if (tagOf(object) === '[object Promise]' && object instanceof PromiseType) {
    prefix = `${kindOf(name, 'Promise')}${kindAfter(name, 'Promise')}`;
    items = [() => promiseText(object, child, special)];
  } else if (object instanceof String || object instanceof Number || object instanceof Boolean) {
    prefix = boxed(object, name);
    if (object instanceof String) keys = withoutIndices(keys);
    if (keys.length === 0) return special(prefix, typeof object.valueOf());
  } else if (object instanceof Symbol || object instanceof BigInt) {
    prefix = boxed(object, name);
    if (keys.length === 0) return special(prefix, typeof object.valueOf());
  } else if (object instanceof WeakMapType || object instanceof WeakSetType) {
    const kind = object instanceof WeakMapType ? 'WeakMap' : 'WeakSet';
    prefix = kindOf(name, kind) + kindAfter(name, kind);
    items = [() => special('<items unknown>')];
  } else if (tagOf(object) === '[object Arguments]' && name === 'Object') {
    prefix = '[Arguments]';
  } else {
    const left = itemsLeft(object);
    if (left !== undefined) return iteratorParts(left, keys, mostItems, child);
    const own = tagFor(object, name);
    if (name === null)
      prefix =
        tagOf(object) === '[object Module]' ? '[Module: null prototype]' : `[Object: null prototype]${own}`;
    else if (name !== 'Object' || own !== '')
      prefix = isNamespaced(own, name) ? slice(own, 2, -1) : name + own;
  }
  return { prefix, braces, items, keys, listed };
};

/** What an iterator of a map or a set has still to give. */
const iteratorParts = (
  { label, pairs, values }: Left,
  keys: readonly PropertyKey[],
  mostItems: number,
  child: (item: unknown) => string,
): Parts => {
  const items: (() => string)[] = [];
  for (let at = 0; at < min(values.length, mostItems); at++)
    items[at] = () =>
      pairs ? `[ ${child((values[at] as Pair)[0])}, ${child((values[at] as Pair)[1])} ]` : child(values[at]);
  if (values.length > mostItems) items[mostItems] = () => more(values.length - mostItems);
  if (values.length === 0) items[0] = () => ''; // Node leaves two spaces
  return { prefix: label, braces: ['{', '}'], items, keys, listed: false };
};
type Pair = readonly [unknown, unknown];

const showObject = (object: object, context: Context, indent: number): string => {
  const made = proxied(object);
  if (made !== undefined) return showProxy(object, made, context, indent);
  const told = ownText(object, context, indent);
  if (told !== undefined) return told;
  const name = className(object);
  const special = (text: string): string => styled(text, 'special', context.colors);
  const child = (item: unknown): string => show(item, context, indent + 2);
  const parts = partsOf(object, name, context, indent, child);
  if (typeof parts === 'string') return parts;
  const { prefix, braces, items, keys, listed } = parts;

  const level = context.open.length;
  if (level > context.depth && items.length + keys.length > 0)
    return special(
      `[${isArray(object) ? (name ?? 'Array') : `${name ?? 'Object: null prototype'}${tagFor(object, name)}`}]`,
    );
  if (items.length + keys.length > 0) context.level = level;
  context.open[level] = object;
  const entries: string[] = [];
  for (let at = 0; at < items.length; at++) entries[entries.length] = (items[at] as () => string)(); // within its length
  const plain = entries.length;
  for (let at = 0; at < keys.length; at++)
    entries[entries.length] = property(object, keys[at] as PropertyKey, child, context, indent); // within its length
  context.open.length = level;

  const circle = find(context.circular, object);
  const head =
    (circle < 0 ? '' : `${special(`<ref *${circle + 1}>`)} `) + (prefix === '' ? '' : `${prefix} `);
  if (entries.length === 0) return `${head}${braces[0]}${braces[1]}`;
  const { given } = context;
  if (given.sorted === true || typeof given.sorted === 'function') {
    const order = given.sorted === true ? undefined : given.sorted;
    const named = listed ? entries.splice(plain) : entries;
    named.sort(order);
    if (listed) entries.push(...named);
  }
  const lines =
    listed && context.compact > 0 && plain === entries.length
      ? group(entries, object, indent, context)
      : entries;
  const shallow = lines === entries && context.level - level < context.compact;
  return layOut(lines, head, braces, indent, shallow, context);
};

/** A proxy by its target, whose traps are not run; with its handler where both are asked for. */
const showProxy = (
  proxy: object,
  [target, handler]: readonly [object, object],
  context: Context,
  indent: number,
): string => {
  if (context.open.length > context.depth + 1) return '[Proxy]';
  const { showProxy: both } = context.given;
  if (both !== true && !(typeof both === 'number' && both > 0))
    return `Proxy(${show(target, context, indent)})`;
  const level = context.open.length;
  context.open[level] = proxy;
  context.level = level;
  const lines = [show(target, context, indent + 2), show(handler, context, indent + 2)];
  context.open.length = level;
  return layOut(lines, 'Proxy ', ['[', ']'], indent, true, context);
};

const promiseText = (
  promise: object,
  child: (item: unknown) => string,
  special: (text: string) => string,
): string => {
  const state = promises?.promiseState(promise);
  if (state === 1) return child(promises?.promiseResult(promise));
  if (state === 2) return `${special('<rejected>')} ${child(promises?.promiseResult(promise))}`;
  return special('<pending>');
};

const boxed = (object: object, name: string | null): string => {
  const value = (object as { valueOf(): unknown }).valueOf();
  const kind = typeof value;
  const own = `${(kind[0] as string).toUpperCase()}${slice(kind, 1)}`;
  const label = kind === 'bigint' ? 'BigInt' : own;
  return `[${label}${name === label || name === null ? '' : ` (${name})`}: ${primitive(value) ?? ''}]`;
};

const withoutIndices = (keys: readonly PropertyKey[]): PropertyKey[] => {
  const left: PropertyKey[] = [];
  for (let at = 0; at < keys.length; at++) {
    const key = keys[at] as PropertyKey; // within its length
    if (typeof key !== 'string' || (!isIndex(key) && key !== 'length')) left[left.length] = key;
  }
  return left;
};

const property = (
  object: object,
  key: PropertyKey,
  child: (item: unknown) => string,
  context: Context,
  indent: number,
): string => {
  const found = getOwnPropertyDescriptor(object, key);
  const name =
    typeof key === 'symbol'
      ? styled(symbolToText(key), 'symbol', context.colors)
      : key === '__proto__'
        ? "['__proto__']"
        : isPlainName(toText(key))
          ? toText(key)
          : styled(quoted(toText(key)), 'string', context.colors);
  const isHidden = found?.enumerable === false;
  const label = isHidden ? `[${name}]: ` : `${name}: `;
  if (found !== undefined && (found.get !== undefined || found.set !== undefined)) {
    const kind = found.get === undefined ? 'Setter' : found.set === undefined ? 'Getter' : 'Getter/Setter';
    if (context.given.getters !== true || found.get === undefined)
      return `${label}${styled(`[${kind}]`, 'special', context.colors)}`;
    let told: unknown;
    try {
      told = apply(found.get, object, []);
    } catch (error) {
      const message = (error as { readonly message?: unknown } | null | undefined)?.message;
      const said = typeof message === 'string' ? message : show(error, context, indent);
      return `${label}${styled(`[${kind}: <Inspection threw (${said})>]`, 'special', context.colors)}`;
    }
    return typeof told === 'object' && told !== null
      ? `${label}${styled(`[${kind}]`, 'special', context.colors)} ${child(told)}`
      : `${label}${styled(`[${kind}:`, 'special', context.colors)} ${child(told)}${styled(']', 'special', context.colors)}`;
  }
  const value = found === undefined ? (object as Record<PropertyKey, unknown>)[key] : found.value;
  const shown = child(value);
  // Of an entry without compactness the value may begin on a line of its own.
  return context.compact === 0 && typeof value === 'string' && includes(shown, '\n')
    ? `${label}\n${spaces(indent + 4)}${shown}`
    : label + shown;
};

const visibleKeys = (object: object, indexed: boolean, context: Context): PropertyKey[] => {
  const visible: PropertyKey[] = [];
  const keys = ownKeys(object);
  for (let at = 0; at < keys.length && visible.length < 1000; at++) {
    const key = keys[at] as PropertyKey; // within its length
    if (indexed && typeof key === 'string' && isIndex(key)) continue;
    const enumerable = getOwnPropertyDescriptor(object, key)?.enumerable === true;
    if (
      enumerable ||
      (context.hidden && typeof key === 'string' && !isEngineName(key) && key !== 'prototype')
    )
      visible[visible.length] = key;
  }
  return visible;
};

/** Under which QuickJS writes the frames of an error; no program can spell it. */
const isEngineName = (key: string): boolean => key[0] === '\u0001';

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
    if (key === 'stack' || key === 'message' || key === 'cause' || key === 'errors') continue;
    if (key === 'name' && object instanceof ErrorType) continue;
    left[left.length] = key;
  }
  return left;
};

const arrayItems = (
  array: readonly unknown[],
  child: (item: unknown) => string,
  { mostItems, colors }: Context,
): (() => string)[] => {
  const items: (() => string)[] = [];
  const { length } = array;
  let at = 0;
  while (at < length && items.length < mostItems) {
    const index = at;
    if (hasOwn(array, index)) {
      items[items.length] = () => child(array[index]);
      at += 1;
      continue;
    }
    while (at < length && at - index < 100_000 && !hasOwn(array, at)) at += 1;
    if (at - index >= 100_000) at = length;
    const holes = at - index;
    items[items.length] = () => styled(`<${holes} empty item${holes > 1 ? 's' : ''}>`, 'undefined', colors);
  }
  if (at < length) {
    const rest = length - at;
    items[items.length] = () => more(rest);
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
  const kind = name ?? 'Function (null prototype)';
  return `[${kind}${label === '' ? ' (anonymous)' : `: ${label}`}]`;
};

/** `Temporal.PlainDate` of a `PlainDate` says both. */
const isNamespaced = (tag: string, name: string): boolean =>
  tag !== '' && slice(tag, -name.length - 2) === `.${name}]`;

const tagFor = (object: object, name: string | null): string => {
  if (getOwnPropertyDescriptor(object, Symbol.toStringTag)?.enumerable === true) return '';
  const tag = (object as { readonly [Symbol.toStringTag]?: unknown })[Symbol.toStringTag];
  return typeof tag === 'string' && tag !== '' && tag !== name ? ` [${tag}]` : '';
};

/** `Name: message`, with the class where the name does not tell it, and the frames of the guest, each line moved in by `indent`. */
const errorText = (error: Error, indent: number, ofClass: string | null): string => {
  // Without a frame in it, a stack is what the program itself has put there.
  const given = hasOwn(error, 'stack') ? textField(error, 'stack') : undefined;
  if (given !== undefined && given !== '' && !includes(given, '\n    at ')) return `[${given}]`;
  const plain = textField(error, 'name') ?? 'Error';
  const coded = `${plain} [${textField(error, 'code') ?? ''}]`;
  const told = given !== undefined && slice(given, 0, coded.length) === coded ? coded : plain;
  const named = ofClass !== null && slice(told, -5) === 'Error' && !includes(told, ofClass);
  const name = named ? `${ofClass} [${told}]` : told;
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

const sharedBytes = (object: object): Uint8Array | undefined => {
  try {
    return new Bytes(object as ArrayBuffer);
  } catch {
    return undefined; // it only says so of itself
  }
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
