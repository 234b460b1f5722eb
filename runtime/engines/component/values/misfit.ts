import type { GuestValue } from '../../../vocabulary/guest-value.ts';
import { typeText, type WitType } from '../types/wit-type.ts';

/** A value that does not fit its WIT type; `path` leads to the part that does not. */
export class MisfitError extends TypeError {
  override readonly name = 'MisfitError';
  readonly path: string;
  readonly wanted: string;
  /** What to do about it, where more can be said than the type. */
  readonly hint: string | undefined;

  private constructor(path: string, wanted: string, message: string, hint?: string) {
    super(`${path} ${message}`);
    this.path = path;
    this.wanted = wanted;
    this.hint = hint;
  }

  /** A part of another type. */
  static value(path: string, type: WitType, value: GuestValue, hint?: string): MisfitError {
    const wanted = typeText(type);
    return new MisfitError(path, wanted, `must be ${cut(wanted, MAX_TYPE)}, got ${describe(value)}`, hint);
  }

  /** A part that is not there. */
  static missing(path: string, type: WitType): MisfitError {
    const wanted = typeText(type);
    return new MisfitError(path, wanted, `is missing, it must be ${cut(wanted, MAX_TYPE)}`);
  }

  /** A part that its whole does not have. */
  static unknown(path: string, whole: WitType, what: string): MisfitError {
    return new MisfitError(path, typeText(whole), what);
  }
}

const MAX_SHOWN = 60;
const MAX_TYPE = 300;

const cut = (text: string, length: number): string =>
  text.length > length ? `${text.slice(0, length)}…` : text;

function describe(value: GuestValue): string {
  if (value === undefined) return 'nothing';
  if (typeof value === 'number') return String(value);
  if (value instanceof Uint8Array) return `${value.byteLength} bytes`;
  return cut(
    JSON.stringify(value, (_, part: unknown) => (typeof part === 'bigint' ? String(part) : part)),
    MAX_SHOWN,
  );
}
