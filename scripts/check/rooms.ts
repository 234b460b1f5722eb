import type { Room } from '../house.ts';
import { importCircles } from './circles.ts';
import type { Source } from './sources.ts';

export interface House {
  readonly rooms: readonly Room[];
  readonly mayUseNode: readonly string[];
  readonly owners: Readonly<Record<string, readonly string[]>>;
}

const isIn = (path: string, place: string): boolean => path === place || path.startsWith(`${place}/`);

/** The room of a file, and the folder straight below the room that the file lies in, if any. */
function roomOf(
  path: string,
  rooms: readonly Room[],
): { room: Room; folder: string | undefined } | undefined {
  for (const room of rooms) {
    const place = room.at.find((one) => isIn(path, one));
    if (place === undefined) continue;
    const [folder, ...rest] = path.slice(place.length + 1).split('/');
    return { room, folder: rest.length === 0 ? undefined : folder };
  }
  return undefined;
}

/** The plan itself: arrows lead to rooms that stand above, so none leads back. */
export function checkPlan({ rooms }: House): readonly string[] {
  const above = new Set<string>();
  const breaches: string[] = [];
  for (const { name, mayImport } of rooms) {
    for (const arrow of mayImport) {
      const [target = ''] = arrow.split('/');
      if (!above.has(target)) breaches.push(`${name} → ${arrow}: an arrow leads back up, or nowhere`);
    }
    above.add(name);
  }
  return breaches;
}

/** Files and folders that have no room, and rooms that have no files. */
export function checkPlaces(files: readonly string[], { rooms }: House): readonly string[] {
  const breaches: string[] = [];
  const lived = new Set<string>();
  for (const file of files) {
    const found = roomOf(file, rooms);
    if (found === undefined) {
      breaches.push(`${file}: no room of the house has it (scripts/house.ts)`);
      continue;
    }
    const { room, folder } = found;
    lived.add(room.name);
    if (room.toCome === true) breaches.push(`${file}: ${room.name} is there now; it is no longer to come`);
    if (folder === undefined && room.apart === true)
      breaches.push(`${file}: in ${room.name} every file lies in a folder`);
    if (folder !== undefined && room.folders?.includes(folder) !== true)
      breaches.push(`${file}: ${room.name} has no folder "${folder}" (scripts/house.ts)`);
    if (!/\.(ts|py|wasm|json|bundle\.js)$/.test(file))
      breaches.push(`${file}: not a kind of file that belongs there`);
  }
  for (const { name, at, toCome } of rooms) {
    if (!lived.has(name) && toCome !== true) breaches.push(`${name}: there is nothing at ${at.join(', ')}`);
    for (const place of at)
      if (place.endsWith('.ts') && !files.includes(place)) breaches.push(`${name}: there is no ${place}`);
  }
  for (const { name, folders = [], at } of rooms) {
    for (const folder of lived.has(name) ? folders : [])
      if (!files.some((file) => at.some((place) => isIn(file, `${place}/${folder}`))))
        breaches.push(`${name}: there is no folder "${folder}"`);
  }
  return breaches;
}

/** Imports against the drawn direction, permissions that no import uses, and files that import each other in a circle. */
export function checkArrows(sources: readonly Source[], { rooms }: House): readonly string[] {
  const breaches: string[] = [];
  const used = new Set<string>();
  const loads = new Map<string, Set<string>>();
  for (const { path, imports } of sources) {
    const from = roomOf(path, rooms);
    if (from === undefined) continue;
    const now = new Set<string>();
    loads.set(path, now);
    for (const { target, dynamic } of imports) {
      if (target === undefined) continue;
      if (!dynamic) now.add(target); // what is brought in only when it is needed ties no knot
      const to = roomOf(target, rooms);
      if (to === undefined) breaches.push(`${path}: imports ${target}, which is outside the house`);
      else if (to.room === from.room) {
        if (from.room.apart === true && to.folder !== from.folder)
          breaches.push(`${path}: imports ${target}; folders of ${from.room.name} never import each other`);
      } else {
        const arrow = from.room.mayImport.find(
          (one) => one === to.room.name || coversPart(one, to.room, target),
        );
        if (arrow === undefined)
          breaches.push(`${path}: ${from.room.name} may not import ${target} (${to.room.name})`);
        else used.add(`${from.room.name} → ${arrow}`);
      }
    }
  }
  const toCome = new Set(rooms.filter((room) => room.toCome === true).map(({ name }) => name));
  for (const { name, mayImport } of rooms) {
    for (const arrow of mayImport) {
      const [target = ''] = arrow.split('/');
      if (toCome.has(name) || toCome.has(target) || used.has(`${name} → ${arrow}`)) continue;
      breaches.push(`${name} → ${arrow}: no import uses this permission`);
    }
  }
  for (const circle of importCircles(loads)) breaches.push(`${circle.join(', ')}: they import each other`);
  return breaches;
}

/** `gate/markers` allows `runtime/gate/markers.ts`, and a folder of that name. */
function coversPart(arrow: string, room: Room, target: string): boolean {
  const [name, ...part] = arrow.split('/');
  if (name !== room.name || part.length === 0) return false;
  return room.at.some((place) =>
    [`${place}/${part.join('/')}/`, `${place}/${part.join('/')}.ts`].some((start) =>
      target.startsWith(start),
    ),
  );
}

/** Platform modules and packages outside of their places, and places that need none. */
export function checkPackages(
  sources: readonly Source[],
  { mayUseNode, owners }: House,
  dependencies: readonly string[],
): readonly string[] {
  const breaches: string[] = [];
  const used = new Set<string>();
  for (const { path, imports } of sources) {
    for (const { specifier, target } of imports) {
      if (target !== undefined) continue;
      if (specifier.startsWith('node:')) {
        const place = mayUseNode.find((start) => path.startsWith(start));
        if (place === undefined)
          breaches.push(`${path}: imports ${specifier}; only ${mayUseNode.join(', ')} may`);
        else used.add(place);
        continue;
      }
      const name = specifier
        .split('/')
        .slice(0, specifier.startsWith('@') ? 2 : 1)
        .join('/');
      const folders = Object.hasOwn(owners, name) ? owners[name] : undefined;
      const folder = folders?.find((one) => isIn(path, one));
      if (folders === undefined) breaches.push(`${path}: ${specifier} has no owner folder`);
      else if (folder === undefined) breaches.push(`${path}: ${specifier} belongs to ${folders.join(', ')}`);
      else used.add(`${name} ${folder}`);
    }
  }
  for (const place of mayUseNode)
    if (!used.has(place)) breaches.push(`${place}: nothing there uses its leave to import node:`);
  for (const [name, folders] of Object.entries(owners))
    for (const folder of folders)
      if (!used.has(`${name} ${folder}`)) breaches.push(`${folder}: owns ${name} and does not import it`);
  for (const name of dependencies)
    if (!Object.hasOwn(owners, name))
      breaches.push(`package.json: the dependency ${name} has no owner folder`);
  return breaches;
}
