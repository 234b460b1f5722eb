import { createHash } from 'node:crypto';
import { SandglassError } from '../../../vocabulary/errors.ts';

const sha256Of = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** @throws {SandglassError} MODULE_INVALID when the bytes are others than were promised. */
export function checkWheel(
  bytes: Uint8Array,
  wheel: { readonly name: string; readonly file: string; readonly sha256: string },
): void {
  const actual = sha256Of(bytes);
  if (actual === wheel.sha256) return;
  throw new SandglassError(
    'MODULE_INVALID',
    `Cannot install "${wheel.name}": ${wheel.file} does not have the SHA-256 that was promised`,
    { details: { package: wheel.name, expected: wheel.sha256, actual } },
  );
}
