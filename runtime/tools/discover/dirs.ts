import type { LoadReport } from '../../contracts/api/tool-registry.ts';
import { SandglassError } from '../../vocabulary/errors.ts';
import type { ToolsContext } from '../tools-context.ts';
import { joinReports, type Loader, type Reloaded, reportOf } from './loader.ts';

/** The folders of the option `dirs`. */
export interface Dirs {
  /** Resolves once all have been read, to what was last found in them. */
  ready(): Promise<LoadReport>;
  close(): void;
}

type Place = string | URL;

/**
 * Reads the tools of folders, and again whenever something in them has changed, where they are watched. A file that is not a tool any more leaves the
 * old one in force; both are told as notices, one a folder and change.
 * @throws {SandglassError} UNSUPPORTED where folders cannot be watched.
 */
export function openDirs(
  { watchFolder, tell = () => undefined }: Pick<ToolsContext, 'watchFolder' | 'tell'>,
  { dirs, watch }: { readonly dirs: readonly Place[]; readonly watch: boolean },
  { load, reload }: Loader,
): Dirs {
  if (watch && watchFolder === undefined) throw cannotWatch();
  const latest = new Map<Place, LoadReport>();
  let closed = false;

  const readAll = async (): Promise<void> => {
    for (const dir of dirs) latest.set(dir, await reportOf(dir, () => load(dir, {})));
  };
  const again = async (dir: Place): Promise<void> => {
    if (closed) return;
    try {
      const before = latest.get(dir);
      const report = await reload(dir);
      latest.set(dir, report);
      const worse = report.skipped.filter((file) => !hadSame(before, file));
      if (worse.length > 0) tell({ kind: 'tools-refused', message: refusedMessage(worse) });
      else if (report.changed || report.skipped.length !== before?.skipped.length)
        tell({ kind: 'tools-read', message: readMessage(dir, report) });
    } catch (error) {
      if (!(error instanceof SandglassError)) throw error;
      tell({ kind: 'tools-refused', message: `${error.message}; the tools before stay` });
    }
  };
  /** One reading after the other: of two at once nobody would know which came last. What changes during the first is read after it. */
  let turn: Promise<void> | undefined;
  const watches = watch ? dirs.flatMap((dir) => watched(dir)) : [];
  function watched(dir: Place): readonly (() => void)[] {
    const onChange = (): void => {
      turn = (turn ?? first).then(() => again(dir));
      turn.catch(() => undefined); // of a listener of notices; the next change is heard all the same
    };
    try {
      return watchFolder === undefined ? [] : [watchFolder(dir, onChange)];
    } catch {
      return []; // a folder that is not there is told by the first reading
    }
  }
  const first = readAll();
  return {
    ready: async () => {
      await first;
      return joinReports(dirs.flatMap((dir) => latest.get(dir) ?? []));
    },
    close: () => {
      closed = true;
      for (const unwatch of watches) unwatch();
    },
  };
}

const hadSame = (before: LoadReport | undefined, { path, error }: LoadReport['skipped'][number]): boolean =>
  before?.skipped.some((file) => file.path === path && file.error.message === error.message) === true;

const readMessage = (dir: Place, { registered, removed }: Reloaded): string => {
  const gone = removed.length === 0 ? '' : `; gone: ${removed.join(', ')}`;
  return `the tools of ${String(dir)} were read again, ${registered.length} are in force${gone}`;
};

const refusedMessage = (skipped: LoadReport['skipped']): string =>
  `${skipped
    .slice(0, 3)
    .map(({ path, error: { message } }) => (message.includes(path) ? message : `${path}: ${message}`))
    .join('; ')}; the tools before stay`;

const cannotWatch = (): SandglassError =>
  new SandglassError('UNSUPPORTED', 'Cannot create a runtime: tools.watch: this platform has no files', {
    hint: 'Leave watch out, and register tools again when they change',
  });
