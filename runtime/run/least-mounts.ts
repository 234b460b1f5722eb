import { FS_ACCESS, type FsAccess, type FsGrant } from '../vocabulary/grants/fs.ts';
import type { ObservedCall } from './observed-call.ts';

interface Target {
  /** What of the wide grant it is cut out of. */
  readonly entry: FsGrant;
  readonly access: Set<FsAccess>;
  /** Nothing was asked of it but what it is. */
  onlyLookedAt: boolean;
}

/** Of a folder, what is in it. */
const LISTS: ReadonlySet<string> = new Set(['fs.list', 'fs.watch']);

/** The mounts that the calls needed, cut out of wider ones, in order of their guest path. */
export function leastMounts(wide: readonly FsGrant[], calls: readonly ObservedCall[]): readonly FsGrant[] {
  const targets = new Map<string, Target>();
  const need = (path: string, access: FsAccess, call: ObservedCall): void => {
    const entry = entryFor(wide, path);
    if (entry === undefined) return; // the scratch folder, or the tree above the mounts
    const isExact = access === 'read' && call.code === undefined;
    const point = isExact || path === guestOf(entry) ? path : parentOf(path);
    const looks = call.operation === 'fs.stat' && call.code === undefined;
    const known = targets.get(point);
    if (known === undefined) targets.set(point, { entry, access: new Set([access]), onlyLookedAt: looks });
    else {
      known.access.add(access);
      known.onlyLookedAt &&= looks;
    }
    if (LISTS.has(call.operation)) folders.add(point);
    else if (!isExact) folders.add(point);
  };
  /** Those that are folders for sure. */
  const folders = new Set<string>();
  for (const call of calls) {
    const access = accessOf(call.capability);
    const { path, to } = call.resource ?? {};
    if (access === undefined) continue;
    if (path !== undefined) need(path, access, call);
    if (to !== undefined) need(to, access, call);
  }
  return mountsOf(withinFolders(targets, folders));
}

/** A target below a folder that is needed anyway becomes part of it; a folder above others that was only looked at is there without a mount. */
function withinFolders(
  targets: ReadonlyMap<string, Target>,
  folders: ReadonlySet<string>,
): ReadonlyMap<string, Target> {
  const kept = new Map<string, Target>();
  for (const [path, target] of [...targets].sort(([one], [other]) => one.length - other.length)) {
    const around = [...kept.keys()].find((folder) => folders.has(folder) && isBelow(path, folder));
    if (around !== undefined) for (const access of target.access) kept.get(around)?.access.add(access);
    else if (!(target.onlyLookedAt && [...targets.keys()].some((other) => isBelow(other, path))))
      kept.set(path, target);
  }
  return kept;
}

const mountsOf = (targets: ReadonlyMap<string, Target>): readonly FsGrant[] =>
  [...targets]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([path, { entry, access }]) => {
      const { host, guest: _, access: __, delete: ___, ...caps } = entry;
      return {
        host: hostOf(host, guestOf(entry), path),
        guest: path,
        access: FS_ACCESS.filter((name) => access.has(name)),
        ...(access.has('write') && !access.has('delete') ? { delete: false } : {}),
        ...caps,
      };
    });

const accessOf = (capability: string): FsAccess | undefined =>
  FS_ACCESS.find((name) => capability === `fs.${name}`);

/** The innermost one that a path lies in. */
const entryFor = (wide: readonly FsGrant[], path: string): FsGrant | undefined =>
  wide
    .filter((entry) => path === guestOf(entry) || isBelow(path, guestOf(entry)))
    .sort((one, other) => guestOf(other).length - guestOf(one).length)[0];

/** Where the guest sees a mount that says so, or the name of its folder. */
function guestOf({ guest, host }: FsGrant): string {
  const path = guest ?? `/${host.split(/[/\\]/).findLast((name) => name !== '') ?? ''}`;
  return path === '/' ? path : withoutEnd(path);
}

/** Without slashes at its end. */
function withoutEnd(path: string): string {
  let end = path.length;
  while (end > 0 && '/\\'.includes(path[end - 1] ?? '')) end--;
  return path.slice(0, end);
}

const isBelow = (path: string, folder: string): boolean =>
  folder === '/' ? path !== '/' : path.startsWith(`${folder}/`);

const parentOf = (path: string): string => path.slice(0, path.lastIndexOf('/')) || '/';

const hostOf = (host: string, mount: string, path: string): string => {
  const rest = path.slice(mount === '/' ? 1 : mount.length + 1);
  return rest === '' ? host : `${withoutEnd(host)}/${rest}`;
};
