import type { Downloads } from './downloads.ts';
import type { Choice } from './index-page.ts';
import type { Candidate, PackageSource } from './package-source.ts';
import type { PackageWork } from './package-work.ts';
import { PYTHON_FULL } from './python-version.ts';
import { isPureByRecipe } from './source-archive.ts';

const ACCEPT = 'application/vnd.pypi.simple.v1+json, text/html;q=0.5';

/**
 * An index of the simple API (PEP 503 and 691). A choice once made is kept in the cache and holds until it is made anew.
 * @param refresh Make choices anew.
 * @param sources Take source archives of any package, not only of those that are known to be pure without their native parts. @default false
 */
export function createSimpleIndex(
  index: URL,
  downloads: Downloads,
  work: Pick<PackageWork, 'choose'>,
  refresh: boolean,
  sources = false,
): PackageSource {
  const { cache } = downloads;
  return {
    find: async (name, specifier) => {
      const fromSource = sources || isPureByRecipe(name);
      const wanted = [index.href, PYTHON_FULL, name, specifier, ...(fromSource ? ['sources'] : [])];
      const key = `python package ${JSON.stringify(wanted)}`;
      const kept = refresh ? undefined : await cache?.get(key);
      let choice = kept === undefined ? undefined : (JSON.parse(new TextDecoder().decode(kept)) as Choice); // written below
      if (choice === undefined) {
        const page = await downloads.page(new URL(`${name}/`, index), ACCEPT);
        choice =
          page === undefined
            ? undefined
            : await work.choose({
                ...page,
                address: page.address.href,
                name,
                specifier,
                sources: fromSource,
              });
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
