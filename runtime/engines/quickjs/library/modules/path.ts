import { inner, wrongArgument } from '../inner.ts';
import { win32 as windows } from './path-win32.ts';

const matchesGlob = (path: string, pattern: string): boolean => {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replace(/\*\*\/?|\*|\?/g, (sign) => (sign === '?' ? '[^/]' : sign === '*' ? '[^/]*' : '.*'));
  return new RegExp(`^${source}$`).test(path);
};

const posixPath = inner.path;

export const path: Record<string, unknown> = {
  resolve: posixPath.resolve,
  normalize: posixPath.normalize,
  isAbsolute: posixPath.isAbsolute,
  join: posixPath.join,
  relative: posixPath.relative,
  toNamespacedPath: (given: unknown) => given,
  dirname: posixPath.dirname,
  basename: (given: unknown, suffix?: unknown): string => {
    if (suffix !== undefined && typeof suffix !== 'string')
      throw wrongArgument('suffix', 'of type string', suffix);
    return posixPath.basename(given as never, suffix as never);
  },
  extname: posixPath.extname,
  format: posixPath.format,
  parse: posixPath.parse,
  matchesGlob: (given: unknown, pattern: unknown): boolean => {
    if (typeof given !== 'string') throw wrongArgument('path', 'of type string', given);
    return matchesGlob(given, String(pattern));
  },
  sep: '/',
  delimiter: ':',
};
export const win32: Record<string, unknown> = { ...windows };
path.posix = path;
path.win32 = win32;
win32.posix = path;
win32.win32 = win32;
