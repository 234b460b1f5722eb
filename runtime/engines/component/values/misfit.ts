import type { GuestValue } from '../../../vocabulary/codec.ts';
import { typeText, type WitType } from '../types/wit-type.ts';

/** A value that does not fit its WIT type; `path` leads to the part that does not. */
export class MisfitError extends TypeError {
  override readonly name = 'MisfitError';
  readonly path: string;
  readonly wanted: string;

  constructor(path: string, type: WitType, value: GuestValue) {
    const wanted = typeText(type);
    super(`${path} must be ${wanted}, got ${describe(value)}`);
    this.path = path;
    this.wanted = wanted;
  }
}

const MAX_SHOWN = 60;

function describe(value: GuestValue): string {
  if (value === undefined) return 'nothing';
  if (value instanceof Uint8Array) return `${value.byteLength} bytes`;
  const text = JSON.stringify(value, (_, part: unknown) => (typeof part === 'bigint' ? String(part) : part));
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text;
}
