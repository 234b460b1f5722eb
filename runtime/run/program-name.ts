import type { RunRequest } from './read-run-options.ts';

/** What a module is called, in messages and as its `argv[0]`: the name of its file, without the folders that it lies in. */
export function programName({ filename, source }: Pick<RunRequest, 'filename' | 'source'>): string {
  const path = filename ?? (source.kind === 'file' ? pathOf(source.path) : '');
  return path.split(/[\\/]/).findLast((part) => part !== '') ?? 'module.wasm';
}

/** A file URL spells what is not plain by percent signs; one that is not well-formed is shown as it is. */
function pathOf(path: string | URL): string {
  if (typeof path === 'string') return path;
  try {
    return decodeURIComponent(path.pathname);
  } catch {
    return path.pathname;
  }
}
