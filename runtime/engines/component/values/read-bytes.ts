import type { GuestValue } from '../../../vocabulary/guest-value.ts';
import { bytesOfJsonForm } from '../../../vocabulary/json-form.ts';
import type { WitType } from '../types/wit-type.ts';
import { readPrimitive } from './from-json-primitive.ts';
import { MisfitError } from './misfit.ts';

const U8 = { kind: 'u8' } as const;
const FORMS =
  'Pass bytes as a Uint8Array, as {"$bytes":"BASE64"} or as an array of numbers; text must be encoded first';

/**
 * A `list<u8>`. Text is refused: whether it is base64, hexadecimal or itself cannot be told from it.
 * @throws {MisfitError}
 */
export function readBytes(value: GuestValue, type: WitType, path: string): Uint8Array {
  if (value instanceof Uint8Array) return value;
  const decoded = bytesOfJsonForm(value);
  if (decoded !== undefined) return decoded;
  if (!Array.isArray(value)) throw MisfitError.value(path, type, value, FORMS);
  return Uint8Array.from(value, (item: GuestValue, index) => {
    const plain = typeof item === 'number' && Number.isInteger(item) && item >= 0 && item <= 255;
    return plain ? item : Number(readPrimitive(item, U8, `${path}[${index}]`));
  });
}
