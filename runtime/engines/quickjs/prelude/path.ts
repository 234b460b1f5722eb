import { toText } from './primordials.ts';

/** Whether resolving would change nothing: most paths that programs name. A name that begins with a dot is looked at step by step. */
const isResolved = (path: string): boolean =>
  path[0] === '/' && path[path.length - 1] !== '/' && path.indexOf('//') < 0 && path.indexOf('/.') < 0;

/** Posix paths, with the names that Node gives them. */
export interface PathApi {
  readonly sep: '/';
  readonly delimiter: ':';
  readonly posix: PathApi;
  normalize(path: string): string;
  join(...parts: string[]): string;
  resolve(...parts: string[]): string;
  relative(from: string, to: string): string;
  isAbsolute(path: string): boolean;
  dirname(path: string): string;
  basename(path: string, suffix?: string): string;
  extname(path: string): string;
  parse(path: string): { root: string; dir: string; base: string; ext: string; name: string };
  format(parts: { dir?: string; root?: string; base?: string; name?: string; ext?: string }): string;
}

export const createPath = (cwd: () => string): PathApi => {
  const steps = (path: string, rooted: boolean): string[] => {
    const kept: string[] = [];
    for (const step of path.split('/')) {
      if (step === '' || step === '.') continue;
      if (step !== '..') kept.push(step);
      else if (kept.length > 0 && kept[kept.length - 1] !== '..') kept.pop();
      else if (!rooted) kept.push('..');
    }
    return kept;
  };
  const path: PathApi = {
    sep: '/',
    delimiter: ':',
    get posix() {
      return path;
    },
    normalize: (given) => {
      const rooted = text(given)[0] === '/';
      const body = steps(given, rooted).join('/');
      const tail = body !== '' && given.endsWith('/') ? '/' : '';
      return (rooted ? '/' : '') + (body === '' && !rooted ? '.' : body) + tail;
    },
    join: (...parts) => {
      const joined = parts
        .map((part) => text(part))
        .filter((part) => part !== '')
        .join('/');
      return joined === '' ? '.' : path.normalize(joined);
    },
    resolve: (...parts) => {
      const first = text(parts[0] ?? '');
      if (parts.length === 1 && isResolved(first)) return first;
      let whole = '';
      for (let at = parts.length - 1; at >= 0 && whole[0] !== '/'; at--) {
        const part = text(parts[at]);
        if (part !== '') whole = whole === '' ? part : `${part}/${whole}`;
      }
      if (whole[0] !== '/') whole = `${cwd()}/${whole}`;
      return `/${steps(whole, true).join('/')}`;
    },
    relative: (from, to) => {
      const a = steps(path.resolve(from), true);
      const b = steps(path.resolve(to), true);
      let same = 0;
      while (same < a.length && same < b.length && a[same] === b[same]) same += 1;
      return [...a.slice(same).map(() => '..'), ...b.slice(same)].join('/');
    },
    isAbsolute: (given) => text(given)[0] === '/',
    dirname: (given) => {
      const trimmed = text(given).replace(/\/+$/, '');
      const slash = trimmed.lastIndexOf('/');
      if (slash < 0) return given[0] === '/' ? '/' : '.';
      return trimmed.slice(0, slash).replace(/\/+$/, '') || '/';
    },
    basename: (given, suffix) => {
      const base = text(given).replace(/\/+$/, '').split('/').pop() ?? '';
      return suffix !== undefined && base !== suffix && base.endsWith(suffix)
        ? base.slice(0, -suffix.length)
        : base;
    },
    extname: (given) => {
      const base = path.basename(given);
      const dot = base.lastIndexOf('.');
      return dot > 0 ? base.slice(dot) : '';
    },
    parse: (given) => {
      const base = path.basename(given);
      const ext = path.extname(given);
      const root = text(given)[0] === '/' ? '/' : '';
      const dir = path.dirname(given);
      return {
        root,
        dir: dir === '.' && !given.startsWith('.') ? '' : dir,
        base,
        ext,
        name: base.slice(0, base.length - ext.length),
      };
    },
    format: ({ dir, root, base, name, ext }) => {
      const file =
        base ?? `${name ?? ''}${ext === undefined || ext === '' || ext[0] === '.' ? (ext ?? '') : `.${ext}`}`;
      const folder = dir ?? root ?? '';
      return folder === ''
        ? file
        : folder === root || folder.endsWith('/')
          ? folder + file
          : `${folder}/${file}`;
    },
  };
  return path;
};

/** `file:` URLs of guest paths. */
export const createFileUrls = (): {
  fileURLToPath(url: unknown): string;
  pathToFileURL(path: string): URL;
} => ({
  fileURLToPath: (url) => {
    const parsed = new URL(toText(url));
    if (parsed.protocol !== 'file:')
      throw Object.assign(new TypeError('The URL must be of scheme file'), {
        code: 'ERR_INVALID_URL_SCHEME',
      });
    return decodeURIComponent(parsed.pathname);
  },
  pathToFileURL: (path) => new URL(`file://${encodeURI(path).replaceAll('#', '%23').replaceAll('?', '%3F')}`),
});

/** A path that is text, or Node's error of one that is not. */
const text = (path: unknown, at?: number): string => {
  if (typeof path === 'string') return path;
  const shown =
    path === undefined || path === null
      ? `${path}`
      : typeof path === 'object'
        ? `an instance of ${(path as { readonly constructor?: { readonly name?: string } }).constructor?.name ?? 'Object'}`
        : `type ${typeof path} (${toText(path)})`;
  throw Object.assign(
    new TypeError(
      `The "${at === undefined ? 'path' : `paths[${at}]`}" argument must be of type string. Received ${shown}`,
    ),
    {
      code: 'ERR_INVALID_ARG_TYPE',
    },
  );
};
