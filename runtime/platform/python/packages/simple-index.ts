import { rcompare, satisfies, valid } from '@renovatebot/pep440';
import { type Downloads, type Page, readAddress } from './downloads.ts';
import type { Candidate, PackageSource } from './package-source.ts';
import { PYTHON_FULL } from './python-version.ts';
import { readWheelName } from './wheel-name.ts';

const ACCEPT = 'application/vnd.pypi.simple.v1+json, text/html;q=0.5';

/** What is kept of a choice, so that it is the same the next time, and needs no network. */
interface Choice {
  readonly version: string;
  readonly file: string;
  readonly sha256: string;
  readonly address: string;
}

/** A file of an index, not looked at yet. */
interface Listed {
  readonly file: string;
  readonly address: URL;
  readonly sha256: string;
}

/**
 * An index of the simple API (PEP 503 and 691). A choice once made is kept in the cache and holds until it is made anew.
 * @param refresh Make choices anew.
 */
export function createSimpleIndex(index: URL, downloads: Downloads, refresh: boolean): PackageSource {
  const { cache } = downloads;
  return {
    find: async (name, specifier) => {
      const key = `python package ${JSON.stringify([index.href, PYTHON_FULL, name, specifier])}`;
      const kept = refresh ? undefined : await cache?.get(key);
      let choice = kept === undefined ? undefined : (JSON.parse(new TextDecoder().decode(kept)) as Choice); // written below
      if (choice === undefined) {
        const page = await downloads.page(new URL(`${name}/`, index), ACCEPT);
        choice = page === undefined ? undefined : choose(filesOf(page), name, specifier);
        if (choice === undefined) return undefined;
        await cache?.set(key, new TextEncoder().encode(JSON.stringify(choice)));
      }
      return candidateOf(choice, name, downloads);
    },
    modules: async () => new Map(), // an index knows names of packages only, and a name may be anybody's
  };
}

function candidateOf(
  { version, file, sha256, address }: Choice,
  name: string,
  downloads: Downloads,
): Candidate {
  const wheel = { name, version, file, sha256 };
  return { ...wheel, from: 'index', read: () => downloads.wheel(new URL(address), wheel) };
}

/** The newest version that fits; no pre-release unless there is nothing else or it was asked for. Of one version, the wheel that fits best. */
function choose(files: readonly Listed[], name: string, specifier: string): Choice | undefined {
  const wheels = files.flatMap((listed) => {
    const wheel = readWheelName(listed.file);
    return wheel?.name === name && valid(wheel.version) !== null ? [{ ...listed, ...wheel }] : [];
  });
  const fitting = (prereleases: boolean): typeof wheels =>
    wheels.filter(({ version }) => satisfies(version, specifier, { prereleases }));
  const finals = fitting(false);
  const [best] = (finals.length > 0 ? finals : fitting(true)).sort(
    (a, b) => rcompare(a.version, b.version) || a.rank - b.rank,
  );
  if (best === undefined) return undefined;
  const { version, file, sha256, address } = best;
  return { version, file, sha256, address: address.href };
}

function filesOf(page: Page): readonly Listed[] {
  return page.type.includes('json') ? filesOfJson(page) : filesOfHtml(page);
}

function filesOfJson({ text, address }: Page): readonly Listed[] {
  let files: unknown;
  try {
    files = (JSON.parse(text) as { files?: unknown } | null)?.files;
  } catch {
    return [];
  }
  if (!Array.isArray(files)) return [];
  return files.flatMap((entry: unknown) => {
    if (typeof entry !== 'object' || entry === null) return [];
    const { filename, url, hashes, yanked, 'requires-python': python } = entry as Record<string, unknown>;
    const sha256 = (hashes as { sha256?: unknown } | null | undefined)?.sha256;
    if (typeof filename !== 'string' || typeof url !== 'string' || typeof sha256 !== 'string') return [];
    if (yanked !== undefined && yanked !== false) return [];
    return listed(filename, url, sha256, typeof python === 'string' ? python : '', address);
  });
}

const ANCHOR = /<a\s([^>]*)>/gi;
const ATTRIBUTE = /([a-z-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/gi;

function filesOfHtml({ text, address }: Page): readonly Listed[] {
  return [...text.matchAll(ANCHOR)].flatMap(([, inside = '']) => {
    const attributes = new Map(
      [...inside.matchAll(ATTRIBUTE)].map(([, name = '', double, single]) => [
        name.toLowerCase(),
        withoutEntities(double ?? single ?? ''),
      ]),
    );
    if (attributes.has('data-yanked') || /\sdata-yanked\b/i.test(inside)) return [];
    const [link = '', fragment = ''] = (attributes.get('href') ?? '').split('#');
    const sha256 = /(?:^|&)sha256=([0-9a-f]{64})(?:&|$)/.exec(fragment)?.[1] ?? '';
    const file = decodeLast(link);
    return listed(file, link, sha256, attributes.get('data-requires-python') ?? '', address);
  });
}

const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', '#39': "'" };
const withoutEntities = (text: string): string =>
  text.replace(/&(lt|gt|amp|quot|#39);/g, (whole, name: string) => ENTITIES[name] ?? whole);

function decodeLast(link: string): string {
  const last = link.split('?')[0]?.split('/').at(-1) ?? '';
  try {
    return decodeURIComponent(last);
  } catch {
    return last;
  }
}

/** Without a SHA-256 nothing is used. */
function listed(file: string, link: string, sha256: string, python: string, page: URL): readonly Listed[] {
  const address = readAddress(link, page);
  if (address === undefined || !/^[0-9a-f]{64}$/.test(sha256)) return [];
  if (address.protocol !== 'https:' && address.origin !== page.origin) return [];
  if (python !== '' && !satisfies(PYTHON_FULL, python)) return [];
  return [{ file, address, sha256 }];
}
