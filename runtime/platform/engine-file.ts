import { basename, sep } from 'node:path';
import { defined } from '../vocabulary/defined.ts';
import { SandglassError } from '../vocabulary/errors.ts';

/**
 * The error for a file of an engine that is not as it was installed: an INTERNAL with the file's name, its place, and the command that
 * brings it back.
 * @param place `file`: the name alone, for an outcome, which a guest's caller sees. `path`: the whole path, for the embedder.
 */
export function brokenFile(
  path: string,
  state: 'missing' | 'damaged',
  options: { readonly place: 'file' | 'path'; readonly cause?: unknown },
): SandglassError {
  const shown = options.place === 'path' ? path : basename(path);
  return new SandglassError('INTERNAL', `Cannot start an engine: ${shown} is ${state}`, {
    details: { file: basename(path) },
    hint: path.includes(`${sep}node_modules${sep}`)
      ? '"npm ci" installs it anew'
      : '"npm run build" makes it anew',
    ...defined({ cause: options.cause }),
  });
}
