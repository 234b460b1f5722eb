import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';

/** Answers what a word may be completed to, and the word itself. */
export type Completer = (line: string) => Promise<readonly [candidates: readonly string[], word: string]>;

/** Lines as somebody types them, or as a pipe brings them. */
export interface Prompt {
  /** Shown text is for people: a pipe gets none. */
  readonly isInteractive: boolean;
  /** The next line; `undefined` at the end. An interrupt (Ctrl-C) at the prompt gives up what was typed: it answers an empty `interrupted`. */
  ask(text: string): Promise<string | undefined | typeof INTERRUPTED>;
  /** Calls `action` on Ctrl-C while no line is asked for: a terminal that is read key by key sends no signal. The answer takes it back. */
  onInterrupt(action: () => void): () => void;
  /** Saves the history. */
  close(): Promise<void>;
}

export const INTERRUPTED = Symbol('interrupted');

const MOST_HISTORY = 1_000;

/**
 * Reads from stdin. On a terminal it completes, and keeps a history from session to session.
 * @param name Whose history it is.
 */
export async function openPrompt(
  name: string,
  complete: Completer,
  env: Readonly<Record<string, string | undefined>>,
): Promise<Prompt> {
  const isInteractive = process.stdin.isTTY === true && process.stdout.isTTY === true;
  const path = join(env.XDG_STATE_HOME ?? join(homedir(), '.local/state'), 'sandglass', `history-${name}`);
  const history = isInteractive ? await readHistory(path) : [];
  const reader = createInterface({
    input: process.stdin,
    terminal: isInteractive,
    ...(isInteractive
      ? {
          output: process.stdout,
          history: [...history],
          historySize: MOST_HISTORY,
          removeHistoryDuplicates: true,
          completer: (line: string, answer: (error: null, found: [string[], string]) => void) => {
            void complete(line).then(
              ([candidates, word]) => answer(null, [[...candidates], word]),
              () => answer(null, [[], line]), // without names there is nothing to complete
            );
          },
        }
      : {}),
  });
  const lines: string[] = [];
  let ended = false;
  let wake: ((line: string | undefined | typeof INTERRUPTED) => void) | undefined;
  let latest: readonly string[] = history;
  const interrupts = new Set<() => void>();
  const give = (line: string | undefined | typeof INTERRUPTED): boolean => {
    const waiting = wake;
    wake = undefined;
    waiting?.(line);
    return waiting !== undefined;
  };
  reader.on('line', (line) => {
    if (!give(line)) lines.push(line);
  });
  reader.on('close', () => {
    ended = true;
    give(undefined);
  });
  reader.on('SIGINT', () => {
    process.stdout.write('\n');
    if (give(INTERRUPTED)) return;
    for (const action of interrupts) action();
  });
  reader.on('history', (all: string[]) => {
    latest = all;
  });
  return {
    isInteractive,
    ask: (text) => {
      const [line] = lines.splice(0, 1);
      if (line !== undefined) return Promise.resolve(line);
      if (ended) return Promise.resolve(undefined);
      if (isInteractive) {
        reader.setPrompt(text);
        reader.prompt();
      }
      return new Promise((resolve) => {
        wake = resolve;
      });
    },
    onInterrupt: (action) => {
      interrupts.add(action);
      return () => interrupts.delete(action);
    },
    close: async () => {
      reader.close();
      if (isInteractive) await saveHistory(path, latest);
    },
  };
}

async function readHistory(path: string): Promise<readonly string[]> {
  try {
    const text = await readFile(path, 'utf8');
    return text.split('\n').filter((line) => line !== '');
  } catch {
    return []; // there was none yet
  }
}

async function saveHistory(path: string, lines: readonly string[]): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await writeFile(path, `${lines.slice(0, MOST_HISTORY).join('\n')}\n`, { mode: 0o600 });
  } catch {
    // A history that cannot be kept is not a reason to end badly.
  }
}
