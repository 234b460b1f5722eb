import { SandglassError } from './errors.ts';
import { wholeNumber } from './read-options.ts';
import { KIB, MIB } from './units.ts';

/** Largest module of a run, where nobody says otherwise, bytes. */
export const DEFAULT_MODULE_BYTES = 64 * MIB;

/** @throws {RangeError} */
export function readModuleBytes(given: unknown): number {
  return (
    wholeNumber(given, 'create a runtime: maxModuleBytes', {
      minimum: KIB,
      maximum: 1024 * MIB,
      unit: 'bytes',
    }) ?? DEFAULT_MODULE_BYTES
  );
}

export const moduleTooLarge = (name: string, bytes: number, most: number): SandglassError =>
  new SandglassError(
    'INPUT_INVALID',
    `Cannot run "${name}": its ${bytes} bytes are over the ${most} that this runtime takes`,
    {
      hint: `Raise maxModuleBytes of the runtime (--max-module=${Math.ceil(bytes / MIB)}MiB), and timeoutMs for the time that it takes to compile`,
      details: { bytes, maxModuleBytes: most },
    },
  );
