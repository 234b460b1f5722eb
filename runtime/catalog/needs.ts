import { defined } from '../vocabulary/defined.ts';
import type { Port } from './port.ts';

/** Something a module could not do without a grant. */
export interface Need {
  readonly what: string;
  /** The flag that grants it; absent for what is never granted. */
  readonly flag?: string;
}

interface Rule extends Need {
  readonly matches: (port: Port) => boolean;
}

const PREVIEW1 = /^wasi_(?:snapshot_preview1|unstable)$/;
const inPreview1 =
  (name: RegExp) =>
  ({ module = '', name: port }: Port): boolean =>
    PREVIEW1.test(module) && name.test(port);
const interfaceOf =
  (name: RegExp) =>
  (port: Port): boolean =>
    name.test(port.module ?? port.name);

/** Imports tell what a guest may ask for, not that it will: everything here is refused, not fatal, without its grant. */
const RULES: readonly Rule[] = [
  {
    what: 'open files and folders',
    flag: '--allow-read=FOLDER:/GUEST, --allow-write=FOLDER:/GUEST',
    matches: either(
      inPreview1(/^path_/),
      interfaceOf(/^wasi:filesystem\/|^sandglass:[^/]*\/fs\b|^sandglass:fs\//),
    ),
  },
  {
    what: 'send HTTP requests',
    flag: '--allow-net=ORIGIN',
    matches: interfaceOf(/^sandglass:[^/]*\/http\b|^sandglass:http\//),
  },
  {
    what: 'ask databases',
    flag: '--database=NAME=URL --allow-sql=NAME',
    matches: interfaceOf(/^sandglass:[^/]*\/sql\b/),
  },
  { what: 'use stores of values', flag: '--allow-kv=NAME', matches: interfaceOf(/^sandglass:[^/]*\/kv\b/) },
  {
    what: 'read environment variables',
    flag: '--allow-env=NAME=VALUE',
    matches: either(inPreview1(/^environ_/), interfaceOf(/^wasi:cli\/environment\b/)),
  },
  { what: 'open sockets', matches: either(inPreview1(/^sock_/), interfaceOf(/^wasi:sockets\//)) },
  { what: 'send HTTP requests by wasi:http', matches: interfaceOf(/^wasi:http\//) },
];

export function needsOf({ imports }: { readonly imports: readonly Port[] }): readonly Need[] {
  return RULES.filter(({ matches }) => imports.some(matches)).map(({ what, flag }) => ({
    what,
    ...defined({ flag }),
  }));
}

/** What a tool's manifest asks for: a tool gets no more, whatever its compiler had it import. */
export function needsOfCapabilities(capabilities: readonly string[]): readonly Need[] {
  const known = (name: string): Need | undefined =>
    BY_CAPABILITY.find(([pattern]) => pattern.test(name))?.[1];
  const needs = capabilities.map(
    (name) => known(name) ?? { what: `use the capability ${name.slice(0, 64)}` },
  );
  return [...new Map(needs.map((need) => [need.what, need])).values()];
}

const BY_CAPABILITY: readonly (readonly [RegExp, Need])[] = [
  [/^fs\.read$/, { what: 'read files', flag: '--allow-read=FOLDER:/GUEST' }],
  [/^fs\.(?:write|delete)$/, { what: 'write files', flag: '--allow-write=FOLDER:/GUEST' }],
  [
    /^fs\.\*$/,
    { what: 'read and write files', flag: '--allow-read=FOLDER:/GUEST, --allow-write=FOLDER:/GUEST' },
  ],
  [/^(?:http|ws)$/, { what: 'reach the network', flag: '--allow-net=ORIGIN' }],
  [/^sql\.read$/, { what: 'read a database', flag: '--database=NAME=URL --allow-sql=NAME' }],
  [
    /^sql\.(?:write|\*)$/,
    { what: 'read and change a database', flag: '--database=NAME=URL --allow-sql=NAME:write' },
  ],
  [/^kv\.read$/, { what: 'read a store of values', flag: '--allow-kv=NAME' }],
  [/^kv\.(?:write|\*)$/, { what: 'read and change a store of values', flag: '--allow-kv=NAME:write' }],
  [/^browser\.(?:navigate|extract)$/, { what: 'read pages in a browser', flag: '--allow-browser=ORIGIN' }],
  [
    /^browser\.(?:interact|screenshot|\*)$/,
    { what: 'use pages in a browser', flag: '--allow-browser=ORIGIN --browser-actions=LIST' },
  ],
  [/^env$/, { what: 'read environment variables', flag: '--allow-env=NAME=VALUE' }],
];

function either(...tests: readonly ((port: Port) => boolean)[]): (port: Port) => boolean {
  return (port) => tests.some((test) => test(port));
}
