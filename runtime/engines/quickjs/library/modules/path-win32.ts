import { wrongArgument } from '../inner.ts';

interface Split {
  /** `C:`, `\\server\share`, or nothing. */
  readonly device: string;
  readonly rooted: boolean;
  readonly rest: string;
}

const text = (path: unknown, name = 'path'): string => {
  if (typeof path !== 'string') throw wrongArgument(name, 'of type string', path);
  return path;
};

const split = (path: string): Split => {
  const share = /^[\\/]{2}([^\\/]+)[\\/]+([^\\/]+)/.exec(path);
  if (share !== null) {
    return { device: `\\\\${share[1]}\\${share[2]}`, rooted: true, rest: path.slice(share[0].length) };
  }
  const device = /^[A-Za-z]:/.exec(path)?.[0] ?? '';
  const rest = path.slice(device.length);
  return { device, rooted: /^[\\/]/.test(rest), rest };
};

const steps = (rest: string, rooted: boolean): string[] => {
  const kept: string[] = [];
  for (const step of rest.split(/[\\/]+/)) {
    if (step === '' || step === '.') continue;
    if (step !== '..') kept.push(step);
    else if (kept.length > 0 && kept[kept.length - 1] !== '..') kept.pop();
    else if (!rooted) kept.push('..');
  }
  return kept;
};

const normalize = (given: string): string => {
  const path = text(given);
  if (path === '') return '.';
  const { device, rooted, rest } = split(path);
  let body = steps(rest, rooted).join('\\');
  if (body === '' && !rooted) body = '.';
  if (body !== '' && body !== '.' && /[\\/]$/.test(rest)) body += '\\';
  return device + (rooted ? '\\' : '') + body;
};

const join = (...parts: string[]): string => {
  const joined = parts
    .map((part) => text(part))
    .filter((part) => part !== '')
    .join('\\');
  if (joined === '') return '.';
  // Two separators at the start make a share only where the first part begins with them.
  const first = parts.find((part) => part !== '') ?? '';
  return normalize(/^[\\/]{2}[^\\/]/.test(first) ? joined : joined.replace(/^[\\/]{2,}/, '\\'));
};

const resolve = (...parts: string[]): string => {
  let device = '';
  let tail = '';
  let rooted = false;
  for (let at = parts.length - 1; at >= -1 && !(rooted && device !== ''); at--) {
    const path = at >= 0 ? text(parts[at]) : device === '' ? 'C:\\' : `${device}\\`;
    if (path === '') continue;
    const found = split(path);
    if (found.device !== '') {
      if (device !== '' && found.device.toLowerCase() !== device.toLowerCase()) continue;
      device ||= found.device;
    }
    if (!rooted) {
      tail = `${found.rest}\\${tail}`;
      rooted = found.rooted;
    }
  }
  return `${device}${rooted ? '\\' : ''}${steps(tail, rooted).join('\\')}` || '.';
};

const relative = (from: string, to: string): string => {
  const [a, b] = [resolve(from), resolve(to)];
  const [one, two] = [split(a), split(b)];
  if (one.device.toLowerCase() !== two.device.toLowerCase()) return b;
  const [left, right] = [steps(one.rest, true), steps(two.rest, true)];
  let same = 0;
  while (
    same < left.length &&
    same < right.length &&
    left[same]?.toLowerCase() === right[same]?.toLowerCase()
  )
    same += 1;
  return [...left.slice(same).map(() => '..'), ...right.slice(same)].join('\\');
};

const isAbsolute = (path: string): boolean => split(text(path)).rooted;

const dirname = (path: string): string => {
  const { device, rooted, rest } = split(text(path));
  const trimmed = rest.replace(/[\\/]+$/, '');
  const cut = Math.max(trimmed.lastIndexOf('/'), trimmed.lastIndexOf('\\'));
  const body = cut < 0 ? '' : trimmed.slice(0, cut).replace(/[\\/]+$/, '');
  if (body === '') return device + (rooted ? rest[0] : '') || '.';
  return device + body;
};

const basename = (path: string, suffix?: string): string => {
  const base =
    split(text(path))
      .rest.replace(/[\\/]+$/, '')
      .split(/[\\/]/)
      .pop() ?? '';
  return suffix !== undefined && base !== suffix && base.endsWith(suffix)
    ? base.slice(0, -suffix.length)
    : base;
};

const extname = (path: string): string => {
  const base = basename(path);
  const dot = base.lastIndexOf('.');
  return dot > 0 ? base.slice(dot) : '';
};

const parse = (path: string): Record<string, string> => {
  const { device, rooted, rest } = split(text(path));
  const root = device + (rooted ? (rest[0] ?? '\\') : '');
  const base = basename(path);
  const ext = extname(path);
  const dir = dirname(path);
  return {
    root,
    dir: dir === '.' && !path.startsWith('.') ? root : dir,
    base,
    ext,
    name: base.slice(0, base.length - ext.length),
  };
};

const format = (parts: {
  dir?: string;
  root?: string;
  base?: string;
  name?: string;
  ext?: string;
}): string => {
  const dir = parts.dir ?? parts.root ?? '';
  const ext =
    parts.ext === undefined || parts.ext === '' || parts.ext[0] === '.' ? (parts.ext ?? '') : `.${parts.ext}`;
  const base = parts.base ?? `${parts.name ?? ''}${ext}`;
  if (dir === '') return base;
  return dir === parts.root || /[\\/]$/.test(dir) ? dir + base : `${dir}\\${base}`;
};

/** Windows paths, with the names that Node gives them. */
export const win32 = {
  resolve,
  normalize,
  isAbsolute,
  join,
  relative,
  toNamespacedPath: (path: unknown) => path,
  dirname,
  basename,
  extname,
  format,
  parse,
  sep: '\\',
  delimiter: ';',
};
