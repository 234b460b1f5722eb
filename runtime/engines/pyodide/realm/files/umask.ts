import type { Fs } from './fs.ts';

/** The permissions that new files and folders in memory do not get. */
export interface Umask {
  /** Answers the one before, as the system call does. */
  set(mask: number): number;
  reset(): void;
}

/** Runs inside the guest's realm; see `bootRealm`. Emscripten knows of no mask: whatever is made has all the permissions that are asked for. */
export function keepUmask(FS: Fs): Umask {
  const { apply } = Reflect;
  const USUAL = 0o022;
  let mask = USUAL;
  /** Takes the bits of the mask from the mode of what a function of Emscripten's makes. */
  const masked = (name: string, index: number, usual: number): void => {
    const original = FS[name] as (...args: unknown[]) => unknown;
    FS[name] = (...args: unknown[]): unknown => {
      args[index] = Number(args[index] ?? usual) & ~mask;
      return apply(original, FS, args);
    };
  };
  masked('open', 2, 0o666);
  masked('mknod', 1, 0o666); // which makes folders, too

  return {
    set: (wanted) => {
      const before = mask;
      mask = wanted & 0o777;
      return before;
    },
    reset: () => {
      mask = USUAL;
    },
  };
}
