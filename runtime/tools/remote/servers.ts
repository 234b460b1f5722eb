import type { LoadReport } from '../../contracts/api/tool-registry.ts';
import type { ToolServer, ToolServerInfo, ToolServersApi } from '../../contracts/api/tool-servers.ts';
import type { Secret } from '../../contracts/host-function.ts';
import type { PinStore, ServerPowers } from '../../contracts/server-powers.ts';
import { defined } from '../../vocabulary/defined.ts';
import { SandglassError } from '../../vocabulary/errors.ts';
import { nearest, shownText } from '../../vocabulary/nearest.ts';
import type { TellNotice } from '../../vocabulary/notice.ts';
import type { Register } from '../register.ts';
import type { ToolStore } from '../registry.ts';
import { createMounted, type Mounted } from './mounted.ts';
import { createMemoryPins } from './pins.ts';
import { readServer, type ServerSettings } from './read-server.ts';
import type { RemoteTool } from './remote-tool.ts';
import { createServerLink, type ServerLink } from './server-link.ts';
import type { OpenHost } from './tool-host.ts';

export interface ServersOptions {
  readonly powers: ServerPowers;
  readonly secret: (name: string) => Secret | undefined | Promise<Secret | undefined>;
  readonly store: ToolStore;
  readonly register: Register;
  readonly tell: TellNotice;
  readonly monotonic: () => number;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  /** Those to begin with. */
  readonly servers: Readonly<Record<string, ToolServer>>;
  /** File of what was confirmed. @default for as long as the runtime lasts */
  readonly pins: string | URL | undefined;
}

/** The servers of one runtime. */
export interface Servers {
  readonly api: ToolServersApi;
  /** Resolves once those that it began with were heard, or were not in time. */
  ready(): Promise<LoadReport>;
  /** The tool elsewhere that stands beside one here. */
  twin(name: string): RemoteTool | undefined;
  /** Before a call of a server that is held: somebody may have confirmed it. */
  reread(server: string): Promise<void>;
  close(): Promise<void>;
}

/** Servers at once. */
const MOST_SERVERS = 64;

interface Entry {
  readonly settings: ServerSettings;
  readonly mounted: Mounted;
  readonly link: ServerLink;
}

/** Each kind is loaded with its first server. */
const HOSTS: Readonly<Record<ServerSettings['at']['kind'], () => Promise<OpenHost>>> = {
  mcp: async () => (await import('./mcp-host.ts')).openMcpHost,
  sandglass: async () => (await import('./sandglass-host.ts')).openSandglassHost,
  arcade: async () => (await import('./arcade-host.ts')).openArcadeHost,
};

/** @throws {TypeError | RangeError} naming the option. @throws {SandglassError} UNSUPPORTED */
export function createServers(options: ServersOptions): Servers {
  const { servers, powers } = options;
  const given = Object.entries(servers).map(([name, server]) => readServer(name, server));
  const entries = new Map<string, Entry>();
  const pins = openPins(options);

  const begin = (settings: ServerSettings): Entry => {
    if (entries.size >= MOST_SERVERS)
      throw new RangeError(`Cannot use the server ${settings.name}: there are ${MOST_SERVERS} already`);
    const mounted: Mounted = createMounted({ ...options, settings, pins }, () => link);
    const link = createServerLink({
      ...options,
      settings,
      open: async (...opening) => (await HOSTS[settings.at.kind]())(...opening),
      onListed: mounted.take,
    });
    const entry = { settings, mounted, link };
    entries.set(settings.name, entry);
    return entry;
  };
  const hear = async ({ mounted, link, settings }: Entry): Promise<LoadReport> => {
    try {
      await link.use();
      return mounted.report(undefined);
    } catch (error) {
      if (!(error instanceof SandglassError)) throw error;
      options.tell({
        kind: 'server-failed',
        message: `${error.message}; its tools of ${settings.name} are not there yet`,
      });
      return mounted.report(error);
    }
  };
  const first = given.map((settings) => hear(begin(settings)));
  for (const one of first) one.catch(() => undefined); // thrown to whoever asks
  const infoOf = ({ settings, mounted, link }: Entry): ToolServerInfo => ({
    name: settings.name,
    kind: settings.at.kind,
    state: mounted.isHeld
      ? 'held'
      : link.failure !== undefined
        ? 'failed'
        : link.about === undefined
          ? 'connecting'
          : 'ready',
    tools: mounted.names,
    skipped: mounted.skipped,
    changes: mounted.changes,
    ...defined({ server: link.about, error: link.failure?.toJSON() }),
  });
  const drop = async (name: string): Promise<boolean> => {
    const entry = entries.get(name);
    if (entry === undefined) return false;
    entries.delete(name);
    entry.mounted.drop();
    await entry.link.close();
    return true;
  };
  const api: ToolServersApi = {
    list: () => [...entries.values()].map(infoOf),
    async mount(name, server) {
      const settings = readServer(name, server);
      if (powers.connect === undefined && powers.spawn === undefined) throw noServers();
      if (entries.has(name)) throw new TypeError(`Cannot use the server ${name}: there is one of this name`);
      return hear(begin(settings));
    },
    unmount: drop,
    async confirm(name) {
      const entry = entries.get(name);
      if (entry === undefined) throw noSuch(name, [...entries.keys()]);
      await entry.link.use();
      await entry.mounted.confirm();
      return infoOf(entry);
    },
  };
  return {
    api,
    async ready() {
      await Promise.all(first);
      const reports = given.flatMap(({ name }) => {
        const entry = entries.get(name);
        return entry === undefined ? [] : [entry.mounted.report(entry.link.failure)];
      });
      return {
        registered: reports.flatMap(({ registered }) => registered),
        skipped: reports.flatMap(({ skipped }) => skipped),
      };
    },
    twin(name) {
      for (const { mounted } of entries.values()) {
        const found = mounted.twin(name);
        if (found !== undefined) return found;
      }
      return undefined;
    },
    async reread(server) {
      const mounted = entries.get(server)?.mounted;
      if (mounted?.isHeld === true) await mounted.reread();
    },
    async close() {
      await Promise.allSettled([...entries.keys()].map(drop));
    },
  };
}

function openPins({ servers, pins, powers }: ServersOptions): PinStore {
  const isUsed = Object.keys(servers).length > 0;
  if (isUsed && powers.connect === undefined && powers.spawn === undefined) throw noServers();
  if (pins === undefined) return createMemoryPins();
  if (powers.openPins === undefined)
    throw new SandglassError(
      'UNSUPPORTED',
      'Cannot create a runtime: tools.pins: this platform has no files',
      {
        hint: 'Leave pins out',
      },
    );
  return powers.openPins(pins);
}

const noServers = (): SandglassError =>
  new SandglassError('UNSUPPORTED', 'Cannot use servers: this platform reaches none', {
    hint: 'Use them where Node runs',
  });

const noSuch = (name: string, names: readonly string[]): SandglassError => {
  const near = nearest(name, names);
  return new SandglassError(
    'TOOL_NOT_FOUND',
    `Cannot confirm the server ${shownText(name)}: there is no such server`,
    {
      hint: near === undefined ? `There are: ${names.join(', ') || 'none'}` : `Did you mean "${near}"?`,
    },
  );
};
