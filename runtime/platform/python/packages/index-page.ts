import { rcompare, satisfies, valid } from '@renovatebot/pep440';
import { fitsJson } from '../../../vocabulary/json-weight.ts';
import { readAnchors } from './html-anchors.ts';
import { PYTHON_FULL } from './python-version.ts';
import { readSourceName } from './source-archive.ts';
import { readWheelName } from './wheel-name.ts';

/** A page of an index about one package, and what is wanted of it. Plain data: it is read in a thread that can be ended. */
export interface PageRequest {
  readonly address: string;
  /** Content type. */
  readonly type: string;
  readonly bytes: Uint8Array;
  /** Normalised. */
  readonly name: string;
  /** A PEP 440 specifier set. */
  readonly specifier: string;
  /** Take a source archive where no wheel fits. */
  readonly sources: boolean;
}

/** What is kept of a choice, so that it is the same the next time, and needs no network. */
export interface Choice {
  readonly version: string;
  readonly file: string;
  readonly sha256: string;
  readonly address: string;
}

/** A file of an index, not looked at yet. */
interface Listed {
  readonly file: string;
  readonly address: string;
  readonly sha256: string;
}

/** Files of one page that are looked at; the largest projects of PyPI have some 10,000. */
const MOST_FILES = 50_000;
/** Characters of a link and of what says which Python a file is for. */
const [MOST_LINK, MOST_SPECIFIER, MOST_VERSION] = [4096, 256, 128];

/** The newest version that fits; no pre-release unless there is nothing else or it was asked for. Of one version, the wheel that fits best. */
export function chooseFile({
  address,
  type,
  bytes,
  name,
  specifier,
  sources,
}: PageRequest): Choice | undefined {
  const text = new TextDecoder().decode(bytes);
  const page = new URL(address);
  const files = type.includes('json') ? filesOfJson(text, page) : filesOfHtml(text, page);
  const usable = (read: (file: string) => FileName | undefined): Usable[] =>
    files.flatMap((listed) => {
      const named = read(listed.file);
      if (named?.name !== name || named.version.length > MOST_VERSION || valid(named.version) === null)
        return [];
      return [{ ...listed, version: named.version, rank: named.rank ?? 0 }];
    });
  const best =
    newest(usable(readWheelName), specifier) ??
    (sources ? newest(usable(readSourceName), specifier) : undefined);
  if (best === undefined) return undefined;
  const { version, file, sha256, address: from } = best;
  return { version, file, sha256, address: from };
}

interface FileName {
  readonly name: string;
  readonly version: string;
  readonly rank?: number;
}

interface Usable extends Listed {
  readonly version: string;
  readonly rank: number;
}

function newest(files: readonly Usable[], specifier: string): Usable | undefined {
  const fitting = (prereleases: boolean): Usable[] =>
    files.filter(({ version }) => satisfies(version, specifier, { prereleases }));
  const finals = fitting(false);
  return (finals.length > 0 ? finals : fitting(true)).sort(
    (a, b) => rcompare(a.version, b.version) || a.rank - b.rank,
  )[0];
}

function filesOfJson(text: string, page: URL): readonly Listed[] {
  let files: unknown;
  try {
    // A page of honest entries weighs less than its text.
    if (!fitsJson(text, { length: text.length, depth: 32, weight: 4 * text.length + 4096 })) return [];
    files = (JSON.parse(text) as { files?: unknown } | null)?.files;
  } catch {
    return [];
  }
  if (!Array.isArray(files)) return [];
  return files.slice(0, MOST_FILES).flatMap((entry: unknown) => {
    if (typeof entry !== 'object' || entry === null) return [];
    const { filename, url, hashes, yanked, 'requires-python': python } = entry as Record<string, unknown>;
    const sha256 = (hashes as { sha256?: unknown } | null | undefined)?.sha256;
    if (typeof filename !== 'string' || typeof url !== 'string' || typeof sha256 !== 'string') return [];
    if (yanked !== undefined && yanked !== false) return [];
    return listed(filename, url, sha256, typeof python === 'string' ? python : '', page);
  });
}

function filesOfHtml(text: string, page: URL): readonly Listed[] {
  return readAnchors(text, MOST_FILES).flatMap((attributes) => {
    if (attributes.has('data-yanked')) return [];
    const [link = '', fragment = ''] = (attributes.get('href') ?? '').split('#', 2);
    const sha256 = /(?:^|&)sha256=([0-9a-f]{64})(?:&|$)/.exec(fragment)?.[1] ?? '';
    return listed(decodeLast(link), link, sha256, attributes.get('data-requires-python') ?? '', page);
  });
}

function decodeLast(link: string): string {
  const last = link.split('?', 1)[0]?.split('/').at(-1) ?? '';
  try {
    return decodeURIComponent(last);
  } catch {
    return last;
  }
}

/** Without a SHA-256 nothing is used. */
function listed(file: string, link: string, sha256: string, python: string, page: URL): readonly Listed[] {
  if (link.length > MOST_LINK || python.length > MOST_SPECIFIER || !/^[0-9a-f]{64}$/.test(sha256)) return [];
  const address = readAddress(link, page);
  if (address === undefined) return [];
  if (address.protocol !== 'https:' && address.origin !== page.origin) return [];
  if (python !== '' && !satisfies(PYTHON_FULL, python)) return [];
  return [{ file, address: address.href, sha256 }];
}

/** @returns `undefined` for what is not an http address. */
export function readAddress(text: string, base: URL): URL | undefined {
  const address = URL.canParse(text, base.href) ? new URL(text, base) : undefined;
  return address?.protocol === 'https:' || address?.protocol === 'http:' ? address : undefined;
}
