import { SandglassError } from '../../../vocabulary/errors.ts';
import { digestInSlices } from '../../digest-in-slices.ts';

/** @throws {SandglassError} MODULE_INVALID when the bytes are others than were promised. */
export async function checkWheel(
  bytes: Uint8Array,
  wheel: { readonly name: string; readonly file: string; readonly sha256: string },
): Promise<void> {
  const actual = (await digestInSlices('sha256', bytes)).toString('hex');
  if (actual === wheel.sha256) return;
  throw new SandglassError(
    'MODULE_INVALID',
    `Cannot install "${wheel.name}": ${wheel.file} does not have the SHA-256 that was promised`,
    { details: { package: wheel.name, expected: wheel.sha256, actual } },
  );
}
