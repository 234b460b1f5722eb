import { SandglassError } from '../../../vocabulary/errors.ts';

/** Of a path, as the interpreter's files take them: all of it, one name of it, names in one another. */
const [MAX_PATH, MAX_NAME, MAX_DEPTH] = [1024, 255, 32];

/**
 * Looks at the paths of a wheel's files before any of them is written: each must be a plain path, and none both a file and a folder.
 * @throws {SandglassError} MODULE_INVALID, naming the wheel.
 */
export function checkPaths(paths: readonly string[], wheel: string): void {
  const fail = (path: string, reason: string): never => {
    throw new SandglassError(
      'MODULE_INVALID',
      `Cannot install ${wheel}: its file ${JSON.stringify(path.slice(0, 100))} ${reason}`,
    );
  };
  const files = new Set<string>();
  const folders = new Set<string>();
  for (const path of paths) {
    const names = path.length > MAX_PATH ? [] : path.split('/');
    if (names.length === 0 || names.length > MAX_DEPTH || names.some((name) => name.length > MAX_NAME))
      fail(path, 'has too long a path');
    if (names.some((name) => name === '' || name === '.' || name === '..' || name.includes('\0')))
      fail(path, 'has no plain path');
    if (files.has(path)) fail(path, 'is there twice');
    files.add(path);
    for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) {
      const folder = path.slice(0, end);
      if (folders.has(folder)) break;
      folders.add(folder);
    }
  }
  for (const path of files) if (folders.has(path)) fail(path, 'is a folder, too');
}
