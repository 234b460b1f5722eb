import { SandglassError } from '../../../vocabulary/errors.ts';
import { sha256Hex } from '../../sha256-hex.ts';

/** @throws {SandglassError} MODULE_INVALID when the bytes are others than were promised. */
export function checkWheel(
  bytes: Uint8Array,
  wheel: { readonly name: string; readonly file: string; readonly sha256: string },
): void {
  const actual = sha256Hex(bytes);
  if (actual === wheel.sha256) return;
  throw new SandglassError(
    'MODULE_INVALID',
    `Cannot install "${wheel.name}": ${wheel.file} does not have the SHA-256 that was promised`,
    { details: { package: wheel.name, expected: wheel.sha256, actual } },
  );
}
