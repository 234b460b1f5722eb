import type { DiscoverOptions } from '../../contracts/api/tool-discover.ts';
import type { RegisterOptions } from '../../contracts/api/tool-handler.ts';
import type { LoadReport } from '../../contracts/api/tool-registry.ts';
import type { ToolFile } from '../../contracts/platform.ts';
import { SandglassError } from '../../vocabulary/errors.ts';
import { sha256Hex } from '../../vocabulary/sha256.ts';
import type { ToolChoice } from '../../vocabulary/tool-files.ts';
import { registerFiles } from '../load.ts';
import { hasHeadManifest } from '../manifest/head-manifest.ts';
import type { Register } from '../register.ts';
import { createToolStore, type ToolStore } from '../registry.ts';
import { tellEntered, tellStopped } from '../tell-stopped.ts';
import type { ToolsContext } from '../tools-context.ts';
import { readDiscoverOptions } from './discover-options.ts';
import { analysePython, type PythonFacts } from './python-analysis.ts';

type Place = string | URL;

export interface Reloaded extends LoadReport {
  /** Names of tools whose files are gone. */
  readonly removed: readonly string[];
  /** Whether any tool is another one now. */
  readonly changed: boolean;
}

export interface Loader {
  load(path: Place, options: RegisterOptions): Promise<LoadReport>;
  discover(options: DiscoverOptions): Promise<LoadReport>;
  /** Reads a folder again: what has changed takes the place of what was there, what is gone goes, what is not a tool any more changes nothing. */
  reload(path: Place): Promise<Reloaded>;
}

/** @param registerWith Registers with a store: another one only to see what would come of it. */
export function createLoader(
  context: ToolsContext,
  store: ToolStore,
  registerWith: (store: ToolStore) => Register,
): Loader {
  /** Of files whose tools are registered: place → digest. */
  const digests = new Map<string, string>();
  /** The files that each folder had: place → where its files are. */
  const folders = new Map<string, ReadonlySet<string>>();
  const register = registerWith(store);

  const loadInto = async (
    path: Place,
    options: RegisterOptions,
    choice?: ToolChoice,
    trial?: ToolStore,
  ): Promise<LoadReport> => {
    const { readTools, run } = context;
    if (readTools === undefined) throw noFiles();
    const { files, alone } = await readTools(path, choice);
    const fresh = await digestsOf(files);
    const target = trial ?? store;
    const unchanged = new Set(
      files.flatMap(({ at }) =>
        trial === undefined && digests.get(at) === fresh.get(at) && store.from(at).length > 0 ? [at] : [],
      ),
    );
    const changed = files.filter(({ at }) => !unchanged.has(at));
    const python = await readPython(changed, alone, run);
    const report = registerFiles(files, {
      store: target,
      register: trial === undefined ? register : registerWith(trial),
      options,
      alone,
      python,
      unchanged,
      onFound: (file) => tellEntered(context, 'discovered', undefined, file.path),
      onKeptOut: (file, error) =>
        tellStopped(context, { name: file.path, error: error.toJSON(), gate: 'discovery' }),
    });
    if (trial === undefined) {
      for (const { at } of files) {
        const digest = fresh.get(at);
        if (digest !== undefined && store.from(at).length > 0) digests.set(at, digest);
      }
      folders.set(String(path), new Set(files.map(({ at }) => at)));
    }
    return report;
  };

  return {
    load: async (path, options) => {
      if (typeof path !== 'string' && !(path instanceof URL))
        throw new TypeError('Cannot load tools: expected a path');
      return loadInto(path, options);
    },
    discover: async (options) => {
      const { dirs, choice, register: takesThem } = readDiscoverOptions(options);
      const trial = takesThem ? undefined : createToolStore();
      const reports: LoadReport[] = [];
      for (const dir of dirs) reports.push(await reportOf(dir, () => loadInto(dir, {}, choice, trial)));
      return joinReports(reports);
    },
    reload: async (path) => {
      const before = folders.get(String(path)) ?? new Set();
      const { version } = store;
      const report = await loadInto(path, {});
      const now = folders.get(String(path)) ?? new Set();
      const removed = [...before]
        .filter((at) => !now.has(at))
        .flatMap((at) => {
          digests.delete(at);
          return store.from(at).map(({ manifest: { name } }) => name);
        });
      for (const name of removed) store.remove(name);
      return { ...report, removed, changed: store.version !== version };
    },
  };
}

/** What a place has; one that cannot be read is told like a file that is not a tool. */
export async function reportOf(place: Place, load: () => Promise<LoadReport>): Promise<LoadReport> {
  try {
    return await load();
  } catch (error) {
    const known =
      error instanceof SandglassError
        ? error
        : new SandglassError('INTERNAL', `Cannot load tools: ${String(place)} failed`, { cause: error });
    return { registered: [], skipped: [{ path: String(place), error: known.toJSON() }] };
  }
}

export const joinReports = (reports: readonly LoadReport[]): LoadReport => ({
  registered: reports.flatMap(({ registered }) => registered),
  skipped: reports.flatMap(({ skipped }) => skipped),
});

async function digestsOf(files: readonly ToolFile[]): Promise<ReadonlyMap<string, string>> {
  const digests = new Map<string, string>();
  for (const { at, bytes, manifest, refused } of files) {
    if (refused === undefined) digests.set(at, `${await sha256Hex(bytes)} ${manifest ?? ''}`);
  }
  return digests;
}

/** A file that somebody named, and that has its manifest, is taken at its word. */
async function readPython(
  files: readonly ToolFile[],
  alone: boolean,
  run: ToolsContext['run'],
): Promise<ReadonlyMap<string, PythonFacts>> {
  const found = files.flatMap(({ path, bytes, manifest, refused }) => {
    if (!path.endsWith('.py') || refused !== undefined) return [];
    const code = new TextDecoder().decode(bytes);
    return alone && (manifest !== undefined || hasHeadManifest(code)) ? [] : [{ path, code }];
  });
  if (found.length === 0) return new Map();
  try {
    return await analysePython(found, run);
  } catch (error) {
    // Without Python the other files are tools all the same.
    if (!(error instanceof SandglassError)) throw error;
    return new Map(found.map(({ path }) => [path, { error: error.message, tools: [], needs: [] }]));
  }
}

const noFiles = (): SandglassError =>
  new SandglassError('UNSUPPORTED', 'Cannot load tools: this platform has no files', {
    hint: 'Register the bytes or the source',
  });
