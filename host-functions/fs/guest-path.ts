import { utf8Length } from '../../runtime/vocabulary/utf8-length.ts';
import { FsFault } from './fs-fault.ts';

/** A path as a guest wrote it, taken apart. `..` stays in: only the walk knows where it leads. */
export interface GuestPath {
  readonly absolute: boolean;
  /** Components without empty ones and `.`. */
  readonly segments: readonly string[];
  /** It ends in `/` or `.`, so what it names must be a folder. */
  readonly mustBeDirectory: boolean;
  /** Its last component is `.`, `..`, or there is none: nothing can be made, removed or renamed by it. */
  readonly noName: boolean;
}

const MAX_PATH_BYTES = 4096;
const MAX_NAME_BYTES = 255;

/**
 * Nothing is decoded: `%2e` is three characters of a name. NUL, lone surrogates, and the backslash (a separator on some hosts) are refused.
 * @throws {FsFault} `invalid`, `not-found` (empty), `name-too-long`.
 */
export function parseGuestPath(text: string): GuestPath {
  if (text === '') throw new FsFault('not-found');
  if (text.length > MAX_PATH_BYTES || utf8Length(text) > MAX_PATH_BYTES) throw new FsFault('name-too-long');
  if (text.includes('\0') || text.includes('\\') || !text.isWellFormed()) throw new FsFault('invalid');
  const parts = text.split('/');
  const last = parts.at(-1) ?? '';
  const segments = parts.filter((part) => part !== '' && part !== '.');
  if (segments.some((segment) => utf8Length(segment) > MAX_NAME_BYTES)) throw new FsFault('name-too-long');
  const absolute = text.startsWith('/');
  const lastNamed = parts.findLast((part) => part !== '');
  return {
    absolute,
    segments,
    mustBeDirectory: last === '' || last === '.' || last === '..',
    noName: lastNamed === undefined || lastNamed === '.' || lastNamed === '..',
  };
}

/** Where a path would lead if no component were a link; `undefined` when it climbs above `base`. */
export function joinPath(
  base: readonly string[],
  segments: readonly string[],
): readonly string[] | undefined {
  const joined = [...base];
  let depth = 0;
  for (const segment of segments) {
    if (segment !== '..') {
      joined.push(segment);
      depth += 1;
    } else if (depth > 0) {
      joined.pop();
      depth -= 1;
    } else return undefined;
  }
  return joined;
}

/** As `joinPath` from the root, where `..` at the root stays there. */
export function normalizeAbsolute(segments: readonly string[]): readonly string[] {
  const path: string[] = [];
  for (const segment of segments) {
    if (segment === '..') path.pop();
    else path.push(segment);
  }
  return path;
}

export const pathText = (segments: readonly string[]): string => `/${segments.join('/')}`;

/** Code points that some file systems ignore in names. */
const IGNORED = /[\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]|\u034f|[\ufe00-\ufe0f]/g;

/**
 * One form for all spellings that any host file system may take for the same name: composed, case folded (also `ß` and `ss`, the
 * Kelvin sign and `k`), without ignorable characters.
 */
export const foldName = (name: string): string =>
  ASCII.test(name)
    ? name.toLowerCase()
    : name.normalize('NFC').replace(IGNORED, '').toUpperCase().toLowerCase().normalize('NFC');

const ASCII = /^[ -~]*$/;

/** A symbolic link's target that a guest may make in a folder `depth` levels below its mount's root. */
export function isSafeLinkTarget(target: string, depth: number): boolean {
  const { absolute, segments } = parseGuestPath(target);
  if (absolute) return false;
  const climbs = segments.findIndex((segment) => segment !== '..');
  const leading = climbs === -1 ? segments.length : climbs;
  // A `..` after a name could climb out through another link that the name turns out to be.
  return leading <= depth && !segments.slice(leading).includes('..');
}
