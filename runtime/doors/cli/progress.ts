import { formatDuration } from './quantities.ts';
import type { Style } from './style.ts';
import type { Output } from './terminal.ts';

/** One line on a terminal that tells that something is going on; nothing at all elsewhere. */
export interface Progress {
  /** Takes the line away before something else is written; it comes back if the quiet goes on. */
  clear(): void;
  /** Says from now on that something else goes on. */
  tell(what: string): void;
  /** Takes the line away for good. Idempotent. */
  stop(): void;
}

const FIRST_AFTER_MS = 1_000;

/** Shows `what` and how long it takes, once a second has passed without anything to see. */
export function showProgress(output: Output, style: Style, what: string): Progress {
  if (!output.isTerminal) return { clear: () => undefined, tell: () => undefined, stop: () => undefined };
  let said = what;
  const startedAt = performance.now();
  let shown = false;
  let lastSign = startedAt;
  const timer = setInterval(() => {
    const now = performance.now();
    if (now - lastSign < FIRST_AFTER_MS) return;
    const time = ` ... ${formatDuration(now - startedAt)}`;
    // A line that wraps could not be taken away again.
    const room = Math.max(0, (output.columns ?? 80) - 1 - time.length);
    const line = `${said.length > room ? said.slice(0, room) : said}${time}`;
    output.write(`\r\x1b[K${style.dim(line)}`);
    shown = true;
  }, 250);
  const clear = (): void => {
    lastSign = performance.now();
    if (shown) output.write('\r\x1b[K');
    shown = false;
  };
  return {
    clear,
    tell: (other) => {
      said = other;
    },
    stop: () => {
      clearInterval(timer);
      clear();
    },
  };
}
