import { eachPiece } from './encoding.ts';
import { format } from './format.ts';
import { guestFrames } from './frames.ts';
import type { Host } from './host.ts';
import { type InspectOptions, inspect } from './inspect.ts';
import { itemsLeft } from './items-left.ts';
import {
  charCodeAt,
  define,
  isArray,
  isMap,
  isSet,
  jsonStringify,
  MapType,
  mapForEach,
  max,
  objectCreate,
  objectKeys,
  setForEach,
  slice,
  toText,
  toWellFormed,
} from './primordials.ts';
import { rawFrames } from './stack.ts';

/** Characters that go to the host in one step. */
const MOST_WRITTEN = 393_216;

/** Text to a stream of the run; a NUL makes it travel as JSON, because plain text ends there: the host finds that a piece is cut. */
export const writeTo = (host: Host, stream: 0 | 1, text: string): void => {
  const whole = toWellFormed(text);
  if (whole.length <= MOST_WRITTEN) writePiece(host, stream, whole);
  else eachPiece(whole, MOST_WRITTEN, (piece) => writePiece(host, stream, piece));
};

const writePiece = (host: Host, stream: 0 | 1, piece: string): void => {
  if (host.write(stream, piece, piece.length) === 1) host.write(stream, jsonStringify(piece), -1);
};

/** `console`: log, info, debug, dir and table go to stdout; warn, error, trace and assert to stderr. */
export const installConsole = (host: Host): void => {
  let margin = '';
  const counts = objectCreate(null) as Record<string, number>;
  const timers = objectCreate(null) as Record<string, number>;

  const indented = (text: string): string => {
    if (margin === '') return text;
    let moved = margin;
    let start = 0;
    for (let at = 0; at < text.length; at++) {
      if (text[at] !== '\n') continue;
      moved += slice(text, start, at + 1) + margin;
      start = at + 1;
    }
    return moved + slice(text, start);
  };
  const print = (stream: 0 | 1, text: string): void => writeTo(host, stream, `${indented(text)}\n`);
  const out = (...args: unknown[]): void => print(0, format(args));
  const err = (...args: unknown[]): void => print(1, format(args));
  const elapsed = (label: string): string | undefined => {
    const start = timers[label];
    if (start === undefined) return undefined;
    const ms = host.monotonic() - start;
    return ms >= 1000 ? `${(ms / 1000).toFixed(3)}s` : `${toText(Math.round(ms * 1000) / 1000)}ms`;
  };

  const console = {
    log: (...args: unknown[]): void => out(...args),
    info: (...args: unknown[]): void => out(...args),
    debug: (...args: unknown[]): void => out(...args),
    warn: (...args: unknown[]): void => err(...args),
    error: (...args: unknown[]): void => err(...args),
    trace: (...args: unknown[]): void => {
      err(`Trace${args.length > 0 ? `: ${format(args)}` : ''}\n${guestFrames(rawFrames(new Error()))}`);
    },
    dir: (value: unknown, options?: InspectOptions): void =>
      print(0, inspect(value, { __proto__: null, customInspect: false, ...options } as InspectOptions)), // `__proto__: null` is syntax
    dirxml: (...args: unknown[]): void => out(...args),
    assert: (condition: unknown, ...args: unknown[]): void => {
      if (condition) return;
      if (args.length === 0) err('Assertion failed');
      else if (typeof args[0] === 'string') err(`Assertion failed: ${format(args)}`);
      else err('Assertion failed', ...args);
    },
    count: (label = 'default'): void => {
      const key = toText(label);
      counts[key] = (counts[key] ?? 0) + 1;
      out(`${key}: ${counts[key]}`);
    },
    countReset: (label = 'default'): void => {
      counts[toText(label)] = 0;
    },
    time: (label = 'default'): void => {
      timers[toText(label)] = host.monotonic();
    },
    timeLog: (label = 'default', ...args: unknown[]): void => {
      const spent = elapsed(toText(label));
      if (spent === undefined) err(`Warning: No such label '${toText(label)}' for console.timeLog()`);
      else out(`${toText(label)}: ${spent}`, ...args);
    },
    timeEnd: (label = 'default'): void => {
      const spent = elapsed(toText(label));
      if (spent === undefined) err(`Warning: No such label '${toText(label)}' for console.timeEnd()`);
      else out(`${toText(label)}: ${spent}`);
      delete timers[toText(label)];
    },
    group: (...args: unknown[]): void => {
      if (args.length > 0) out(...args);
      if (margin.length < 200) margin += '  ';
    },
    groupCollapsed: (...args: unknown[]): void => console.group(...args),
    groupEnd: (): void => {
      margin = slice(margin, 2);
    },
    table: (data: unknown, columns?: readonly string[]): void => {
      const text = typeof data === 'object' && data !== null ? table(data, columns) : undefined;
      if (text === undefined) out(data);
      else print(0, text);
    },
    // For a debugger, of which a guest has none.
    profile: (): void => undefined,
    profileEnd: (): void => undefined,
    timeStamp: (): void => undefined,
  };
  define(console, Symbol.toStringTag, 'console');
  define(globalThis, 'console', console);
};

const ITERATION = '(iteration index)';

/** A map has a column for its keys. */
const entriesTable = (data: ReadonlyMap<unknown, unknown>): string => {
  const body: string[][] = [];
  mapForEach(data, (value, key) => {
    body[body.length] = [`${body.length}`, inspect(key, 0), inspect(value, 0)];
  });
  return drawTable([ITERATION, 'Key', 'Values'], body);
};

/** Rows by index or key; a column for each field, and one for values that are no objects. */
const table = (data: object, only?: readonly string[]): string | undefined => {
  const rows: [string, unknown][] = [];
  const left = itemsLeft(data);
  if (isArray(data)) for (let at = 0; at < data.length; at++) rows[at] = [`${at}`, data[at]];
  else if (isMap(data)) return entriesTable(data);
  else if (left?.pairs === true) return entriesTable(new MapType(left.values as [unknown, unknown][]));
  else if (left !== undefined)
    for (let at = 0; at < left.values.length; at++) rows[at] = [`${at}`, left.values[at]];
  else if (isSet(data))
    setForEach(data, (value) => {
      rows[rows.length] = [`${rows.length}`, value];
    });
  else {
    const keys = objectKeys(data);
    for (let at = 0; at < keys.length; at++) {
      const key = keys[at] as string; // within its length
      rows[at] = [key, (data as Record<string, unknown>)[key]];
    }
  }
  const columns: string[] = [];
  const seen = objectCreate(null) as Record<string, true>;
  for (let at = 0; only !== undefined && at < only.length; at++) {
    seen[toText(only[at])] = true;
    columns[at] = toText(only[at]);
  }
  let values = false;
  const cells: Record<string, string>[] = [];
  for (let row = 0; row < rows.length; row++) {
    const cell = objectCreate(null) as Record<string, string>;
    cells[row] = cell;
    const value = (rows[row] as [string, unknown])[1];
    if (typeof value !== 'object' || value === null) {
      if (only !== undefined) continue;
      values = true;
      cell['\0'] = inspect(value, 0);
      continue;
    }
    const keys = only ?? objectKeys(value);
    for (let at = 0; at < keys.length; at++) {
      const key = toText(keys[at]);
      if (seen[key] === undefined) {
        seen[key] = true;
        columns[columns.length] = key;
      }
      const item = (value as Record<string, unknown>)[key];
      if (item !== undefined || key in value) cell[key] = inspect(item, 0);
    }
  }
  const heads = [isSet(data) || left !== undefined ? ITERATION : '(index)'];
  for (let at = 0; at < columns.length; at++) heads[at + 1] = columns[at] as string; // within its length
  if (values) heads[heads.length] = 'Values';
  const body: string[][] = [];
  for (let row = 0; row < rows.length; row++) {
    const line = [(rows[row] as [string, unknown])[0]];
    const cell = cells[row] as Record<string, string>; // one for each row
    for (let at = 0; at < columns.length; at++) line[at + 1] = cell[columns[at] as string] ?? '';
    if (values) line[line.length] = cell['\0'] ?? '';
    body[row] = line;
  }
  return drawTable(heads, body);
};

/** Columns that a text takes on a terminal: letters of East Asia and pictures take two. */
const cellsOf = (text: string): number => {
  let cells = 0;
  for (let at = 0; at < text.length; at++) {
    const code = charCodeAt(text, at);
    const wide =
      (code >= 0x1100 && code <= 0x115f) ||
      (code >= 0x2e80 && code <= 0xa4cf) ||
      (code >= 0xac00 && code <= 0xd7a3) ||
      (code >= 0xf900 && code <= 0xfaff) ||
      (code >= 0xfe30 && code <= 0xfe6f) ||
      (code >= 0xff01 && code <= 0xff60);
    cells += wide ? 2 : 1; // the two halves of a picture's code are one each
  }
  return cells;
};

const drawTable = (heads: readonly string[], body: readonly (readonly string[])[]): string => {
  const widths: number[] = [];
  for (let column = 0; column < heads.length; column++) {
    let width = cellsOf(heads[column] as string);
    for (let row = 0; row < body.length; row++) {
      width = max(width, cellsOf((body[row] as readonly string[])[column] as string));
    }
    widths[column] = width + 2;
  }
  const rule = (left: string, middle: string, right: string): string => {
    let text = left;
    for (let at = 0; at < widths.length; at++) {
      text += (at > 0 ? middle : '') + '─'.repeat(widths[at] as number);
    }
    return text + right;
  };
  const line = (cells: readonly string[]): string => {
    let text = '│';
    for (let at = 0; at < widths.length; at++) {
      const cell = cells[at] as string; // one for each width
      text += ` ${cell}${' '.repeat((widths[at] as number) - cellsOf(cell) - 1)}│`;
    }
    return text;
  };
  let text = `${rule('┌', '┬', '┐')}\n${line(heads)}\n${rule('├', '┼', '┤')}\n`;
  for (let row = 0; row < body.length; row++) text += `${line(body[row] as readonly string[])}\n`;
  return text + rule('└', '┴', '┘');
};
