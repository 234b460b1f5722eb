import { defined } from '../../runtime/vocabulary/defined.ts';
import type { Resource } from '../../runtime/vocabulary/events.ts';
import type { JsonObject } from '../../runtime/vocabulary/json.ts';
import { pathText } from './guest-path.ts';
import type { HandleTable } from './handles.ts';
import { requestedPath } from './service-state.ts';
import type { Location } from './walk.ts';

/** What a call is about, before it is done: the absolute guest path that its path names, or that its handle was opened at. */
export function resourceOf(handles: HandleTable, args: JsonObject): Resource {
  const { path, at, to, toAt, handle } = args;
  const named = typeof path === 'string' ? absolute(handles, path, at) : openedAt(handles, handle);
  return {
    ...defined({ path: named }),
    ...(typeof to === 'string' ? { to: absolute(handles, to, toAt) } : {}),
  };
}

/** What is known of a call that is refused before it reaches the folders: a path of its own, not one within a handle's folder. */
export const askedResource = ({ path, at, to, toAt }: JsonObject): Resource | undefined =>
  typeof path !== 'string' || at !== undefined
    ? undefined
    : {
        path: requestedPath(undefined, path),
        ...(typeof to === 'string' && toAt === undefined ? { to: requestedPath(undefined, to) } : {}),
      };

const absolute = (handles: HandleTable, path: string, at: unknown): string =>
  requestedPath(folderOf(handles, at), path);

function folderOf(handles: HandleTable, handle: unknown): Location | undefined {
  const open = typeof handle === 'number' ? handles.find(handle) : undefined;
  return open?.kind === 'folder' ? open.location : undefined;
}

function openedAt(handles: HandleTable, handle: unknown): string | undefined {
  const open = typeof handle === 'number' ? handles.find(handle) : undefined;
  if (open === undefined) return undefined;
  return open.kind === 'file' ? open.path : pathText(open.location.path);
}
