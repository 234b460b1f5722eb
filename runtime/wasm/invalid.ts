import { SandglassError } from '../vocabulary/errors.ts';

/**
 * The error of every binary that cannot be run.
 * @param reason What is wrong with it, with the value; no full stop.
 * @param offset Where it was found, bytes from the start of the binary.
 */
export function invalid(reason: string, offset?: number): SandglassError {
  const where = offset === undefined ? '' : ` at byte ${offset}`;
  return new SandglassError('MODULE_INVALID', `Cannot use the WebAssembly binary: ${reason}${where}`, {
    ...(offset === undefined ? {} : { details: { offset } }),
  });
}

/** A byte as the specification writes it. */
export const hex = (byte: number): string => `0x${byte.toString(16).padStart(2, '0')}`;

/** A name from a binary, fit for a message: quoted, escaped, at most 80 characters. */
export function quoted(name: string): string {
  const shown = name.length > 80 ? `${name.slice(0, 80)}…` : name;
  return JSON.stringify(shown).replace(/[\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, (char) => {
    return `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}
