import { SandglassError } from '../vocabulary/errors.ts';
import { COMPONENT_SECTION } from './guard-component.ts';
import { PREAMBLE_BYTES } from './preamble.ts';
import { Reader } from './reader.ts';

/** The custom section in which a tool carries its manifest. */
export const MANIFEST_SECTION = 'sandglass:manifest';

/** Larger ones are refused before they are decoded. */
const MAX_MANIFEST_BYTES = 262_144;

/**
 * The JSON text of a component's manifest, for bytes that the guard let through; `undefined` where there is none.
 * @throws {SandglassError} MANIFEST_INVALID: two of them, too large, or no UTF-8.
 */
export function readToolManifest(bytes: Uint8Array): string | undefined {
  const reader = new Reader(bytes, PREAMBLE_BYTES);
  let found: Uint8Array | undefined;
  while (!reader.done) {
    const id = reader.byte();
    const section = reader.part();
    if (id !== COMPONENT_SECTION.custom || section.name() !== MANIFEST_SECTION) continue;
    if (found !== undefined) throw unreadable('there are two of them');
    found = bytes.subarray(section.at, section.end);
  }
  if (found === undefined) return undefined;
  if (found.byteLength > MAX_MANIFEST_BYTES) throw unreadable(`it is over ${MAX_MANIFEST_BYTES} bytes`);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(found);
  } catch {
    throw unreadable('it is not UTF-8');
  }
}

const unreadable = (reason: string): SandglassError =>
  new SandglassError(
    'MANIFEST_INVALID',
    `Cannot read the manifest in the section ${MANIFEST_SECTION}: ${reason}`,
  );
