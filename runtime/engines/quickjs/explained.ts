import type { GuestError } from '../../contracts/engine.ts';
import { hintFor } from './hints.ts';
import type { Program } from './program.ts';
import { placeOfThrow } from './rewrite.ts';

/** An uncaught error with what its text leaves out and the source shows: where something was thrown, what to do. */
export function explained(error: GuestError, program: Program): GuestError {
  const { name, message, line } = error;
  const hint = hintFor(name, message, program.code, program.typescript);
  const told = hint === undefined ? error : { ...error, hint };
  if (name === 'Uncaught' && line === undefined) {
    const place = placeOfThrow(program.code, message);
    return place === undefined ? told : { ...told, file: program.filename, ...place };
  }
  return told;
}
