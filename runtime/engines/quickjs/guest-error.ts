import type { GuestError } from '../../contracts/engine.ts';
import { PRELUDE_FILE } from './abi.ts';

/** An error as the prelude describes it. */
export interface Described {
  readonly name: string;
  readonly message: string;
  readonly stack: string;
  /** The gate's own id, if this very error object is a refusal. */
  readonly id?: number;
  /** The limit that the engine told of by this very error object; `none` for one it had no memory to make. */
  readonly limit?: 'stack' | 'memory' | 'none';
}

interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

const DIGITS = /^\d+$/;

/** Reads `    at name (file:line:column)`, or the same without a name, from its end: the name and the file are the guest's to choose. */
function placeOf(frame: string): Place | undefined {
  const text = frame.trimStart();
  const end = text.endsWith(')') ? text.length - 1 : text.length;
  const columnAt = text.lastIndexOf(':', end);
  const lineAt = columnAt < 1 ? -1 : text.lastIndexOf(':', columnAt - 1);
  if (lineAt < 0 || !text.startsWith('at ')) return undefined;
  const [line, column] = [text.slice(lineAt + 1, columnAt), text.slice(columnAt + 1, end)];
  if (!DIGITS.test(line) || !DIGITS.test(column)) return undefined;
  const opened = text.lastIndexOf('(', lineAt);
  return {
    file: text.slice(opened === -1 ? 3 : opened + 1, lineAt),
    line: Number(line),
    column: Number(column),
  };
}

/**
 * Makes a `GuestError` of what the prelude says: frames of the prelude are dropped, and what a prefix on a module's first line moved is
 * moved back.
 */
export function guestError(described: Described, shifts: ReadonlyMap<string, number>): GuestError {
  const frames: string[] = [];
  let place: Place | undefined;
  for (const line of described.stack.split('\n')) {
    if (line.trim() === '' || line.includes(PRELUDE_FILE)) continue;
    const found = placeOf(line);
    if (found === undefined) {
      frames.push(line);
      continue;
    }
    const shift = found.line === 1 ? (shifts.get(found.file) ?? 0) : 0;
    const moved = { ...found, column: Math.max(1, found.column - shift) };
    place ??= moved;
    frames.push(shift === 0 ? line : line.replace(/:(\d+)(\)?)$/, `:${moved.column}$2`));
  }
  const { name, message } = described;
  return {
    name,
    message,
    ...(frames.length === 0 ? {} : { stack: shortened(frames).join('\n') }),
    ...(place ?? {}),
  };
}

/** Frames shown of a deep stack. */
const MOST_FRAMES = 20;

const shortened = (frames: readonly string[]): readonly string[] =>
  frames.length <= MOST_FRAMES
    ? frames
    : [...frames.slice(0, MOST_FRAMES), `    ... ${frames.length - MOST_FRAMES} more frames`];

/** What an uncaught error leaves in stderr. */
export function uncaughtText(error: GuestError): string {
  const head =
    error.name === 'Uncaught'
      ? error.message
      : error.message === ''
        ? error.name
        : `${error.name}: ${error.message}`;
  return `Uncaught ${head}\n${error.stack === undefined ? '' : `${error.stack}\n`}`;
}
