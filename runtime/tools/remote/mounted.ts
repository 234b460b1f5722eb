import type { LoadReport } from '../../contracts/api/tool-registry.ts';
import type { ToolServerChange, ToolServerInfo } from '../../contracts/api/tool-servers.ts';
import type { PinStore } from '../../contracts/server-powers.ts';
import { defined } from '../../vocabulary/defined.ts';
import { SandglassError } from '../../vocabulary/errors.ts';
import { compileStarGlob } from '../../vocabulary/glob.ts';
import type { TellNotice } from '../../vocabulary/notice.ts';
import { infoOf } from '../info.ts';
import type { Register } from '../register.ts';
import type { ToolStore } from '../registry.ts';
import type { Tool } from '../tool.ts';
import { hashOfSource, hashOfTool, pinServer } from './pins.ts';
import type { ServerSettings } from './read-server.ts';
import { manifestOf, nameHere } from './remote-manifest.ts';
import { type RemoteTool, remoteHandler } from './remote-tool.ts';
import type { ServerLink } from './server-link.ts';
import type { HostTool } from './tool-host.ts';

export interface MountedOptions {
  readonly settings: ServerSettings;
  readonly pins: PinStore;
  readonly store: ToolStore;
  readonly register: Register;
  readonly tell: TellNotice;
}

/** The tools of one server, as far as they are in force here. */
export interface Mounted {
  /** Takes what the server tells now: registers what is new, takes away what is gone, holds what has changed. */
  take(tools: readonly HostTool[]): Promise<void>;
  /** Takes what it told last for what it should tell. */
  confirm(): Promise<void>;
  /** Looks whether somebody else has confirmed it. */
  reread(): Promise<void>;
  /** The tool there that stands beside one of this name here. */
  twin(name: string): RemoteTool | undefined;
  readonly isHeld: boolean;
  readonly changes: readonly ToolServerChange[];
  report(failure: SandglassError | undefined): LoadReport;
  readonly names: readonly string[];
  readonly skipped: ToolServerInfo['skipped'];
  /** Takes its tools away. */
  drop(): void;
}

interface Heard {
  readonly tool: HostTool;
  readonly hash: string;
}

export function createMounted(
  { settings, pins, store, register, tell }: MountedOptions,
  link: () => Pick<ServerLink, 'use'>,
): Mounted {
  const { name, only, maxTools, routing } = settings;
  const wanted = only?.map((pattern) => compileStarGlob(pattern));
  /** Name here → tool of the registry. */
  const registered = new Map<string, { readonly tool: Tool; readonly hash: string }>();
  const twins = new Map<string, RemoteTool>();
  let heard: ReadonlyMap<string, Heard> = new Map();
  let changes: readonly ToolServerChange[] = [];
  let skipped: ToolServerInfo['skipped'] = [];
  let isDropped = false;

  const isHeld = (): boolean => changes.some(({ kind }) => kind === 'changed');
  const held = (): SandglassError | undefined => (isHeld() ? heldError(name, changes) : undefined);
  const remoteOf = (tool: string): RemoteTool => ({
    server: name,
    routing,
    held,
    call: async (args, call) => (await link().use()).call(tool, args, call),
  });
  const isOwn = (here: string): boolean => {
    const known = registered.get(here);
    return known !== undefined && store.find(here) === known.tool;
  };
  const remove = (here: string): void => {
    if (isOwn(here)) store.remove(here);
    registered.delete(here);
  };
  const skip = (tool: string, error: unknown): void => {
    const known =
      error instanceof SandglassError
        ? error
        : new SandglassError(
            'MANIFEST_INVALID',
            error instanceof Error ? error.message : 'it cannot be read',
          );
    skipped = [...skipped, { tool: tool.slice(0, 200), error: known.toJSON() }];
  };
  const put = ({ tool, hash }: Heard, seen: Set<string>): void => {
    const here = nameHere(settings, tool.name);
    const refuse = (reason: string): void => skip(tool.name, taken(here, reason));
    if (seen.has(here)) {
      refuse(`another tool of ${name} has this name here`);
      return;
    }
    seen.add(here);
    const other = isOwn(here) ? undefined : store.find(here);
    if (routing !== undefined && other !== undefined) {
      twins.set(other.manifest.name, remoteOf(tool.name));
      return;
    }
    if (routing === 'local' || other !== undefined) {
      refuse(
        other === undefined
          ? 'its server is for tools that are here, and this one is not'
          : 'there is a tool of this name here, which none of a server takes the place of',
      );
      return;
    }
    if (registered.get(here)?.hash === hash) return;
    try {
      const [added] = register(manifestOf(settings, tool), remoteHandler(remoteOf(tool.name)), {
        replace: true,
      });
      if (added !== undefined) registered.set(here, { tool: added, hash });
    } catch (error) {
      remove(here);
      skip(tool.name, error);
    }
  };
  /** What is in force, by what was heard and what was confirmed. */
  const apply = (confirmed: Readonly<Record<string, string>>): void => {
    if (isDropped) return;
    skipped = [];
    twins.clear();
    changes = [...heard.values()].flatMap(({ tool, hash }): readonly ToolServerChange[] => {
      const was = Object.hasOwn(confirmed, tool.name) ? confirmed[tool.name] : undefined;
      if (was === hash) return [];
      const kind = was === undefined ? 'added' : 'changed';
      const description = tool.description.slice(0, 4_096);
      return [{ tool: tool.name, kind, description, is: hash, ...defined({ was }) }];
    });
    const unconfirmed = new Set(changes.map(({ tool }) => tool));
    const seen = new Set<string>();
    // What a model was told stays what it was told: of a changed tool nothing new is shown before it is confirmed.
    for (const one of heard.values()) {
      if (!unconfirmed.has(one.tool.name)) put(one, seen);
      else seen.add(nameHere(settings, one.tool.name));
    }
    const added = changes.filter(({ kind }) => kind === 'added').map(({ tool }) => nameHere(settings, tool));
    for (const here of [...registered.keys()]) if (!seen.has(here) || added.includes(here)) remove(here);
    if (heard.size > maxTools)
      skip(
        '…',
        taken(name, `it offers over ${maxTools} tools; raise maxTools, or name those wanted with only`),
      );
  };
  return {
    async take(tools) {
      const fresh = new Map<string, Heard>();
      const faults: [string, unknown][] = [];
      for (const tool of tools) {
        if (fresh.size >= maxTools) {
          faults.push([
            '…',
            taken(name, `it offers over ${maxTools} tools; raise maxTools, or name those wanted with only`),
          ]);
          break;
        }
        if (wanted !== undefined && !wanted.some((matches) => matches(tool.name))) continue;
        try {
          if (!fresh.has(tool.name)) fresh.set(tool.name, { tool, hash: await hashOfTool(tool) });
          else faults.push([tool.name, taken(tool.name, 'its server tells it twice')]);
        } catch (error) {
          faults.push([tool.name, error]);
        }
      }
      const source = await hashOfSource(settings);
      const kept = (await pins.read())[name];
      heard = fresh;
      if (kept?.source !== source) {
        const first = Object.fromEntries([...fresh].map(([tool, { hash }]) => [tool, hash]));
        await pinServer(pins, name, { source, tools: first });
        apply(first);
      } else apply(kept.tools);
      for (const [tool, error] of faults) skip(tool, error);
      if (changes.length > 0)
        tell({ kind: 'server-changed', message: changedMessage(name, changes, isHeld()) });
    },
    async confirm() {
      const tools = Object.fromEntries([...heard].map(([tool, { hash }]) => [tool, hash]));
      await pinServer(pins, name, { source: await hashOfSource(settings), tools });
      apply(tools);
    },
    async reread() {
      if (changes.length === 0) return;
      const kept = (await pins.read())[name];
      if (kept !== undefined && kept.source === (await hashOfSource(settings))) apply(kept.tools);
    },
    twin: (here) => twins.get(here),
    get isHeld() {
      return isHeld();
    },
    get changes() {
      return changes;
    },
    get names() {
      return [...registered.keys()].sort();
    },
    get skipped() {
      return skipped;
    },
    report: (failure) => ({
      registered: [...registered.values()].map(({ tool }) => infoOf(tool)),
      skipped: [
        ...(failure === undefined ? [] : [{ path: name, error: failure.toJSON() }]),
        ...skipped.map(({ tool, error }) => ({ path: `${name}/${tool}`, error })),
        ...(changes.length === 0 ? [] : [{ path: name, error: heldError(name, changes).toJSON() }]),
      ],
    }),
    drop() {
      isDropped = true;
      for (const here of [...registered.keys()]) remove(here);
      twins.clear();
    },
  };
}

const taken = (tool: string, reason: string): SandglassError =>
  new SandglassError('MANIFEST_INVALID', `Cannot register ${tool.slice(0, 200)}: ${reason}`);

const namesOf = (changes: readonly ToolServerChange[]): string => {
  const names = changes.slice(0, 5).map(({ tool, kind }) => `${tool.slice(0, 64)} (${kind})`);
  return `${names.join(', ')}${changes.length > 5 ? ` and ${changes.length - 5} more` : ''}`;
};

const changedMessage = (name: string, changes: readonly ToolServerChange[], held: boolean): string =>
  `the server ${name} tells of other tools than were confirmed: ${namesOf(changes)}; ` +
  `${held ? 'all of it is' : 'those are'} held until "sandglass servers confirm ${name}", or ` +
  'servers.confirm';

const heldError = (name: string, changes: readonly ToolServerChange[]): SandglassError =>
  new SandglassError(
    'CONFIRMATION_REQUIRED',
    `Cannot call tools of the server ${name}: it tells of other tools than were confirmed: ${namesOf(changes)}`,
    {
      details: {
        server: name,
        reason: 'server-changed',
        changes: changes
          .slice(0, 20)
          .map(({ tool, kind, was, is }) => ({ tool: tool.slice(0, 64), kind, is, ...defined({ was }) })),
      },
      hint: `Look at what it says now, and confirm it: sandglass servers confirm ${name}, or servers.confirm in code; do not retry`,
    },
  );
