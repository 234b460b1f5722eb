import { SIGNAL_EXIT_CODES, type Terminal } from './terminal.ts';

/** As a shell reports a program that SIGPIPE has ended. */
const PIPE_EXIT_CODE = 141;

/** Aborts when a signal comes, or when whoever reads stdout goes away. */
export interface Interrupt extends Disposable {
  readonly signal: AbortSignal;
  /** Nobody reads stdout any more, e.g. after `| head -1`. */
  readerLeft(): boolean;
  /** What the process ends with because of it; `undefined` when nothing came. */
  exitCode(): number | undefined;
}

export function interruptOf({ stdout, onSignal }: Pick<Terminal, 'stdout' | 'onSignal'>): Interrupt {
  const cancel = new AbortController();
  let code: number | undefined;
  let left = false;
  const takeBack = [
    onSignal((signal) => {
      code = SIGNAL_EXIT_CODES[signal];
      cancel.abort();
    }),
    stdout.onBroken(() => {
      left = true;
      cancel.abort();
    }),
  ];
  return {
    signal: cancel.signal,
    readerLeft: () => left,
    exitCode: () => (left ? PIPE_EXIT_CODE : code),
    [Symbol.dispose]: () => {
      for (const action of takeBack) action();
    },
  };
}
