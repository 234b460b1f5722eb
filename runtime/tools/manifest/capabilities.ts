import type { ScopedCapability } from '../../vocabulary/manifest.ts';
import { didYouMean, shownText } from '../../vocabulary/nearest.ts';

/** All that a grant of this runtime can allow, in order of name. */
export type CapabilityNames = readonly string[];

export interface Capabilities {
  /** In order of name, each once. */
  readonly capabilities: readonly string[];
  readonly scopes: readonly ScopedCapability[];
}

/** What may narrow which capability. */
const SCOPES: Readonly<Record<'paths' | 'origins' | 'methods', (name: string) => boolean>> = {
  paths: (name) => name.startsWith('fs.'),
  origins: (name) => name === 'http' || name === 'ws',
  methods: (name) => name === 'http',
};

/**
 * The capabilities that a manifest asks for: names, `fs.*` for all of a kind, `*` for all but `dangerous`.
 * @param known Those that there are; with `any`, each is taken as it stands.
 * @throws {RangeError} for one that there is not, and for a wildcard that stands for less than a whole part of a name.
 */
export function readCapabilities(
  asked: readonly (string | ScopedCapability)[],
  known: CapabilityNames | 'any',
): Capabilities {
  const names = new Set<string>();
  const scopes: ScopedCapability[] = [];
  for (const entry of asked) {
    const scoped = typeof entry === 'string' ? { name: entry } : entry;
    const covered = known === 'any' ? [scoped.name] : expand(scoped.name, known);
    for (const name of covered) {
      names.add(name);
      if (typeof entry !== 'string') scopes.push({ ...scoped, name });
    }
    for (const [scope, fits] of Object.entries(SCOPES)) {
      if (Object.hasOwn(scoped, scope) && !covered.every(fits))
        throw new RangeError(`${scope} does not narrow ${shownText(scoped.name)}`);
    }
  }
  return { capabilities: [...names].sort(), scopes };
}

/** The names that one stands for. @throws {RangeError} */
function expand(asked: string, known: CapabilityNames): readonly string[] {
  if (known.includes(asked)) return [asked];
  if (asked === '*') return known.filter((name) => name !== 'dangerous');
  if (asked.endsWith('.*')) {
    const covered = known.filter((name) => name.startsWith(asked.slice(0, -1)));
    if (covered.length > 0) return covered;
  }
  const near = didYouMean(asked, known);
  throw new RangeError(
    `unknown capability ${shownText(asked)}${near === '' ? `, known are ${known.join(', ')}` : near}`,
  );
}
