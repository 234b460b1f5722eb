import type { GuestError } from '../../contracts/engine.ts';
import { hintFor } from './hints.ts';
import type { Program } from './program.ts';
import { calleeAt, placeOfThrow } from './rewrite.ts';

/** An uncaught error with what its text leaves out and the source shows: what was called, where something was thrown, what to do. */
export function explained(
  error: GuestError,
  program: Program,
  sourceOf: (file: string) => string | undefined,
): GuestError {
  const { name, message, file, line, column } = error;
  const hint = hintFor(name, message, program.code, program.typescript);
  const told = hint === undefined ? error : { ...error, hint };
  if (name === 'Uncaught' && line === undefined) {
    const place = placeOfThrow(program.code, message);
    return place === undefined ? told : { ...told, file: program.filename, ...place };
  }
  if (name === 'TypeError' && message === 'not a function' && file !== undefined) {
    const source = sourceOf(file);
    const callee = source === undefined ? undefined : calleeAt(source, line ?? 0, column ?? 0);
    if (callee !== undefined) return { ...told, message: `${callee} is not a function` };
  }
  return told;
}
