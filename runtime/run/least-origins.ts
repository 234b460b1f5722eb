import type { Resource } from '../vocabulary/events.ts';
import type { HttpGrant } from '../vocabulary/grants/http.ts';
import type { WsGrant } from '../vocabulary/grants/ws.ts';
import type { ObservedCall } from './observed-call.ts';

/**
 * The origins that the calls reached, each with the methods and paths that were asked for. Paths that were asked for by the same methods
 * share an entry.
 */
export function leastOrigins<E extends HttpGrant | WsGrant>(
  wide: readonly E[],
  calls: readonly ObservedCall[],
  part: 'http' | 'ws',
): readonly E[] {
  /** Origin → path → methods. */
  const seen = new Map<string, Map<string, Set<string>>>();
  const see = ({ origin, path = '/', method = 'GET' }: Resource): void => {
    if (origin === undefined) return;
    const paths = seen.get(origin) ?? new Map<string, Set<string>>();
    seen.set(origin, paths);
    paths.set(path, (paths.get(path) ?? new Set()).add(method));
  };
  for (const { resource, hops } of calls)
    for (const one of hops ?? (resource === undefined ? [] : [resource])) see(one);
  return [...seen]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .flatMap(([origin, paths]) => {
      if (part === 'ws') return [narrowed(wide, origin, {})];
      const byMethods = Map.groupBy(paths, ([, methods]) => [...methods].sort().join(' '));
      return [...byMethods]
        .sort(([one], [other]) => (one < other ? -1 : 1))
        .map(([methods, group]) =>
          narrowed(wide, origin, {
            methods: methods.split(' '),
            paths: group.map(([path]) => patternOf(path)).sort(),
          }),
        );
    });
}

/** The entry that an origin was reached by, with no more than what was asked of it. */
function narrowed<E extends HttpGrant | WsGrant>(
  wide: readonly E[],
  origin: string,
  asked: { readonly methods?: readonly string[]; readonly paths?: readonly string[] },
): E {
  const entry = wide.find((one) => reaches(one.origin, origin));
  return { ...entry, origin, ...asked } as E; // an entry of the same kind
}

function reaches(pattern: string, origin: string): boolean {
  if (pattern === '*') return true;
  const [scheme = '', host = ''] = pattern.toLowerCase().replace(/\/$/, '').split('://');
  const star = host.startsWith('*.') ? host.slice(1) : undefined;
  if (star !== undefined) return origin.startsWith(`${scheme}://`) && origin.endsWith(star);
  return URL.parse(pattern)?.origin === origin;
}

/** A path as a pattern that fits it: characters that patterns have not are escaped, as in a URL. */
const patternOf = (path: string): string =>
  path.replace(/[[\]{}|]/g, (unit) => `%${unit.charCodeAt(0).toString(16).toUpperCase()}`);
