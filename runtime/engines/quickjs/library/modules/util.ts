import type { InspectOptions } from '../../prelude/inspect.ts';
import { type Callable, type Callback, hide, inner, type Named, nodeError, wrongArgument } from '../inner.ts';
import { compared } from './assertion-text.ts';
import { deepEqual } from './deep-equal.ts';
import { MIMEParams, MIMEType } from './mime-type.ts';
import { parseArgs } from './parse-args.ts';
import { types } from './util-types.ts';

const CUSTOM_PROMISE = Symbol.for('nodejs.util.promisify.custom');
const CUSTOM_INSPECT = Symbol.for('nodejs.util.inspect.custom');

const inspect = (
  value: unknown,
  options?: InspectOptions | boolean,
  depth?: number | null,
  colors?: boolean,
): string =>
  inner.inspect(
    value,
    typeof options === 'object' && options !== null
      ? options
      : { showHidden: options === true, depth, colors },
  );
Object.assign(inspect, {
  custom: CUSTOM_INSPECT,
  defaultOptions: {
    showHidden: false,
    depth: 2,
    colors: false,
    customInspect: true,
    maxArrayLength: 100,
    maxStringLength: 10_000,
    breakLength: 80,
    compact: 3,
    showProxy: false,
    sorted: false,
    getters: false,
    numericSeparator: false,
  },
  colors: {},
  styles: {},
});

const promisify = (original: Callable & Named): Callable => {
  if (typeof original !== 'function') throw wrongArgument('original', 'of type function', original);
  const custom = (original as unknown as Record<symbol, unknown>)[CUSTOM_PROMISE];
  if (typeof custom === 'function') {
    hide(custom, CUSTOM_PROMISE, custom);
    return custom as Callable;
  }
  const promised = function (this: unknown, ...args: unknown[]): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const done: Callback = (error, ...results) => {
        if (error) reject(error);
        else resolve(results[0]);
      };
      Reflect.apply(original, this, [...args, done]);
    });
  };
  Object.setPrototypeOf(promised, Object.getPrototypeOf(original));
  hide(promised, CUSTOM_PROMISE, promised);
  return Object.defineProperties(promised, Object.getOwnPropertyDescriptors(original)) as Callable;
};
Object.assign(promisify, { custom: CUSTOM_PROMISE });

const callbackify = (original: Callable): Callable => {
  if (typeof original !== 'function') throw wrongArgument('original', 'of type function', original);
  return function (this: unknown, ...args: unknown[]): void {
    const done = args.pop() as Callback;
    (Reflect.apply(original, this, args) as Promise<unknown>).then(
      (value) => queueMicrotask(() => done(null, value)),
      (error: unknown) => {
        const failure =
          error ??
          Object.assign(new Error('Promise was rejected with falsy value'), {
            reason: error,
            code: 'ERR_FALSY_VALUE_REJECTION',
          });
        queueMicrotask(() => done(failure));
      },
    );
  };
};

const warned = new Set<string>();
const deprecate = (fn: Callable, message: string, code = ''): Callable => {
  let told = false;
  const wrapped = function (this: unknown, ...args: unknown[]): unknown {
    if (!told && !(code !== '' && warned.has(code))) {
      told = true;
      warned.add(code);
      inner.write(1, `(sandglass) ${code === '' ? '' : `[${code}] `}DeprecationWarning: ${message}\n`);
    }
    return new.target ? Reflect.construct(fn, args, new.target) : Reflect.apply(fn, this, args);
  };
  Object.setPrototypeOf(wrapped, fn);
  if (fn.prototype) wrapped.prototype = fn.prototype;
  return wrapped;
};

/** `NODE_DEBUG=section` of the granted environment turns a log on, as under Node. */
const debuglog = (section: string): Callable & { readonly enabled: boolean } => {
  const wanted = (inner.setup.env.NODE_DEBUG ?? '').toLowerCase().split(',');
  const enabled = wanted.includes(section.toLowerCase());
  const log = (...args: unknown[]): void => {
    if (enabled) inner.write(1, `${section.toUpperCase()} 1: ${inner.format(args)}\n`);
  };
  return Object.assign(log, { enabled });
};

const inherits = (child: Callable & Named, parent: Callable & Named): void => {
  if (typeof child !== 'function') throw wrongArgument('ctor', 'of type function', child);
  if (parent === undefined || parent === null) throw wrongArgument('superCtor', 'of type function', parent);
  if (typeof parent.prototype !== 'object' || parent.prototype === null)
    throw nodeError(
      TypeError,
      'ERR_INVALID_ARG_TYPE',
      `The "superCtor.prototype" property must be of type object. Received ${String(parent.prototype)}`,
    );
  hide(child, 'super_', parent);
  Object.setPrototypeOf(child.prototype, parent.prototype);
};

const STYLES: Readonly<Record<string, readonly [number, number]>> = {
  reset: [0, 0],
  bold: [1, 22],
  dim: [2, 22],
  italic: [3, 23],
  underline: [4, 24],
  inverse: [7, 27],
  strikethrough: [9, 29],
  black: [30, 39],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  blue: [34, 39],
  magenta: [35, 39],
  cyan: [36, 39],
  white: [37, 39],
  gray: [90, 39],
  grey: [90, 39],
  redBright: [91, 39],
  greenBright: [92, 39],
  yellowBright: [93, 39],
  blueBright: [94, 39],
  magentaBright: [95, 39],
  cyanBright: [96, 39],
  whiteBright: [97, 39],
  bgBlack: [40, 49],
  bgRed: [41, 49],
  bgGreen: [42, 49],
  bgYellow: [43, 49],
  bgBlue: [44, 49],
  bgMagenta: [45, 49],
  bgCyan: [46, 49],
  bgWhite: [47, 49],
};
interface StyleOptions {
  /** Whether the stream decides if there are styles: that of a guest is no terminal. */
  readonly validateStream?: boolean;
}

const styleText = (
  format: string | readonly string[],
  text: string,
  { validateStream = true }: StyleOptions = {},
): string => {
  const plain = validateStream && (inner.setup.env.FORCE_COLOR ?? '') === '';
  let styled = text;
  for (const name of [format].flat().reverse()) {
    if (name === 'none') continue;
    const style = STYLES[name];
    if (style === undefined)
      throw nodeError(
        TypeError,
        'ERR_INVALID_ARG_VALUE',
        `The argument 'format' must be a known style. Received '${name}'`,
      );
    if (!plain) styled = `\u001b[${style[0]}m${styled}\u001b[${style[1]}m`;
  }
  return styled;
};

/** ESC and CSI, which begin an escape sequence, and BEL, which may end one. */
const [BEGIN, BELL] = [String.fromCharCode(0x1b, 0x9b), String.fromCharCode(7)];
const ESCAPES = new RegExp(
  `[${BEGIN}][[\\]()#;?]*(?:(?:(?:(?:;[-a-zA-Z\\d/#&.:=?%@~_]+)*|[a-zA-Z\\d]+(?:;[-a-zA-Z\\d/#&.:=?%@~_]*)*)?` +
    `(?:${BELL}|${BEGIN[0]}\\\\))|(?:(?:\\d{1,4}(?:;\\d{0,4})*)?[\\dA-PR-TZcf-nq-uy=><~]))`,
  'g',
);

/** `KEY=value` lines, as `.env` files have them. */
const parseEnv = (content: string): Record<string, string> => {
  const found: Record<string, string> = Object.create(null);
  const LINE = /^\s*(?:export\s+)?([\w.-]+)\s*=\s*(?:'([^']*)'|"((?:\\.|[^"\\])*)"|`([^`]*)`|([^#\n]*))/gm;
  for (const [, key, single, double, quoted, bare] of content.matchAll(LINE)) {
    found[key as string] = single ?? double?.replaceAll('\\n', '\n') ?? quoted ?? (bare ?? '').trim();
  }
  return found;
};

/** Linux's numbers, as Node has them. */
const SYSTEM_ERRORS: readonly (readonly [number, string, string])[] = [
  [-1, 'EPERM', 'operation not permitted'],
  [-2, 'ENOENT', 'no such file or directory'],
  [-4, 'EINTR', 'interrupted system call'],
  [-5, 'EIO', 'i/o error'],
  [-9, 'EBADF', 'bad file descriptor'],
  [-11, 'EAGAIN', 'resource temporarily unavailable'],
  [-12, 'ENOMEM', 'not enough memory'],
  [-13, 'EACCES', 'permission denied'],
  [-16, 'EBUSY', 'resource busy or locked'],
  [-17, 'EEXIST', 'file already exists'],
  [-18, 'EXDEV', 'cross-device link not permitted'],
  [-20, 'ENOTDIR', 'not a directory'],
  [-21, 'EISDIR', 'illegal operation on a directory'],
  [-22, 'EINVAL', 'invalid argument'],
  [-24, 'EMFILE', 'too many open files'],
  [-27, 'EFBIG', 'file too large'],
  [-28, 'ENOSPC', 'no space left on device'],
  [-32, 'EPIPE', 'broken pipe'],
  [-36, 'ENAMETOOLONG', 'name too long'],
  [-39, 'ENOTEMPTY', 'directory not empty'],
  [-40, 'ELOOP', 'too many symbolic links encountered'],
  [-98, 'EADDRINUSE', 'address already in use'],
  [-104, 'ECONNRESET', 'connection reset by peer'],
  [-110, 'ETIMEDOUT', 'connection timed out'],
  [-111, 'ECONNREFUSED', 'connection refused'],
];

const format = (...args: unknown[]): string => inner.format(args);

/** As Node's: lines of arrays, letters of texts. */
const diff = (actual: unknown, expected: unknown): unknown => {
  if (actual === expected) return [];
  const items = (value: unknown, name: string): string[] => {
    if (typeof value === 'string') return [...value];
    if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value;
    throw wrongArgument(name, 'of type string or an instance of Array of strings', value);
  };
  return compared(items(actual, 'actual'), items(expected, 'expected'));
};

interface Site {
  readonly functionName: string;
  readonly scriptId: string;
  readonly scriptName: string;
  readonly lineNumber: number;
  readonly columnNumber: number;
  readonly column: number;
}
/** Where the program calls this from, innermost first. */
const getCallSites = (count: unknown = 8): Site[] => {
  const most = typeof count === 'number' ? count : 8;
  if (!Number.isInteger(most) || most < 1 || most > 200)
    throw nodeError(
      RangeError,
      'ERR_OUT_OF_RANGE',
      `The value of "frameCount" is out of range. It must be >= 1 && <= 200. Received ${String(most)}`,
    );
  const limit = Error as unknown as { stackTraceLimit: unknown };
  const before = limit.stackTraceLimit;
  limit.stackTraceLimit = 200;
  const stack = String(new Error().stack);
  limit.stackTraceLimit = before;
  const sites: Site[] = [];
  for (const [, name = '', scriptName = '', line, column] of stack.matchAll(
    /^\s+at (?:(.*) \()?([^()\n]*?):(\d+):(\d+)\)?$/gm,
  )) {
    const at = { lineNumber: Number(line), columnNumber: Number(column), column: Number(column) };
    sites.push({ functionName: name.startsWith('<') ? '' : name, scriptId: '0', scriptName, ...at });
  }
  return sites.slice(0, most);
};

const legacy = {
  isArray: Array.isArray,
  isBoolean: (value: unknown) => typeof value === 'boolean',
  isBuffer: (value: unknown) =>
    ArrayBuffer.isView(value) && typeof (value as unknown as Named).readUInt8 === 'function',
  isDate: types.isDate,
  isError: (value: unknown) => value instanceof Error,
  isFunction: (value: unknown) => typeof value === 'function',
  isNull: (value: unknown) => value === null,
  isNullOrUndefined: (value: unknown) => value === null || value === undefined,
  isNumber: (value: unknown) => typeof value === 'number',
  isObject: (value: unknown) => typeof value === 'object' && value !== null,
  isPrimitive: (value: unknown) =>
    value === null || (typeof value !== 'object' && typeof value !== 'function'),
  isRegExp: types.isRegExp,
  isString: (value: unknown) => typeof value === 'string',
  isSymbol: (value: unknown) => typeof value === 'symbol',
  isUndefined: (value: unknown) => value === undefined,
};

export const util = {
  ...legacy,
  TextDecoder: globalThis.TextDecoder,
  TextEncoder: globalThis.TextEncoder,
  aborted: (signal: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      if (signal.aborted) resolve();
      else signal.addEventListener('abort', () => resolve(), { once: true });
    }),
  callbackify,
  debug: debuglog,
  debuglog,
  deprecate,
  diff,
  format,
  formatWithOptions: (options: InspectOptions, ...args: unknown[]) => inner.format(args, options),
  getCallSites,
  getSystemErrorMap: () => new Map(SYSTEM_ERRORS.map(([code, name, text]) => [code, [name, text]])),
  getSystemErrorMessage: (code: number) => SYSTEM_ERRORS.find(([one]) => one === code)?.[2],
  getSystemErrorName: (code: number) =>
    SYSTEM_ERRORS.find(([one]) => one === code)?.[1] ?? `Unknown system error ${code}`,
  inherits,
  MIMEParams,
  MIMEType,
  inspect,
  isDeepStrictEqual: (a: unknown, b: unknown) => deepEqual(a, b, true),
  log: (...args: unknown[]) => inner.write(0, `${format(...args)}\n`),
  parseArgs,
  parseEnv,
  promisify,
  stripVTControlCharacters: (text: string) => String(text).replace(ESCAPES, ''),
  styleText,
  toUSVString: (text: unknown) => String(text).toWellFormed(),
  transferableAbortController: () => new AbortController(),
  transferableAbortSignal: (signal: unknown) => signal,
  types,
};
