import type { CellWatcher } from './remote-channel.ts';
import type { RemoteRun } from './remote-run.ts';

/** Which guests of a cell wait, and when those that have waited go on. */
export interface RemoteWaits {
  /** Each of them waits: the thread burns nothing. */
  isResting(): boolean;
  /** One waits from now on. */
  rest(run: RemoteRun): void;
  /** One that has waited would go on: it does once it may. */
  wake(run: RemoteRun, go: () => void): void;
  /** One goes on, if it would. */
  letGo(run: RemoteRun): void;
  letAllGo(): void;
  /** One has ended. */
  left(): void;
  watch(watcher: CellWatcher): void;
}

export function createRemoteWaits(running: ReadonlyMap<number, RemoteRun>): RemoteWaits {
  let watcher: CellWatcher | undefined;

  const isResting = (): boolean => {
    for (const { rests } of running.values()) if (!rests) return false;
    return running.size > 0;
  };
  const letGo = (run: RemoteRun): void => {
    const { go } = run;
    if (go === undefined) return;
    run.keptMs += performance.now() - run.askedMs;
    run.go = undefined;
    run.rests = false;
    run.blocks = false;
    go();
  };
  const letAllGo = (): void => {
    for (const run of [...running.values()]) letGo(run);
  };

  return {
    isResting,
    rest: (run) => {
      if (run.rests || !running.has(run.token)) return;
      run.rests = true;
      watcher?.waits(run.request);
      if (isResting()) watcher?.rested();
    },
    wake: (run, go) => {
      if (!run.rests) {
        go();
        return;
      }
      run.go = go;
      run.askedMs = performance.now();
      // Beside one that runs it may at once: they have one thread between them.
      if (watcher === undefined || run.stopping !== undefined || !isResting()) letGo(run);
      else watcher.wakes(letAllGo);
    },
    letGo,
    letAllGo,
    left: () => {
      if (isResting()) watcher?.rested();
    },
    watch: (given) => {
      watcher = given;
    },
  };
}
