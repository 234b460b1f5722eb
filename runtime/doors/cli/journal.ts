import {
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { lockFolder } from '../../observe/audit/lock.ts';
import { createRunJournal, type JournalFiles, type RunJournal } from '../../work/run-journal.ts';
import type { ParsedArguments } from './flags.ts';
import type { Terminal } from './terminal.ts';
import { UsageError } from './usage-error.ts';

const NAME = /^runs-\d{8}\.jsonl$/;
/** What is read of one file; those that are written stay far under it. */
const MOST_READ_BYTES = 256 * 1024 ** 2;

export interface OpenJournal extends Disposable {
  readonly journal: RunJournal;
}

/** The journal of `--journal`, nothing without it. @throws {UsageError} when the folder is another's, or cannot be written to. */
export function openJournal(
  parsed: ParsedArguments,
  { cwd, stderr }: Pick<Terminal, 'cwd' | 'stderr'>,
): OpenJournal | undefined {
  const given = parsed.one('journal');
  if (given === undefined) return undefined;
  const dir = resolve(cwd, given);
  const onFault = ({ message, cause }: Error): void => {
    stderr.write(`warning: ${message}: ${String(cause)}\n`);
  };
  try {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    const unlock = lockFolder(dir, 'runs.lock');
    try {
      const files = openFiles(dir, onFault);
      return {
        journal: createRunJournal(files),
        [Symbol.dispose]: () => {
          files.close();
          unlock();
        },
      };
    } catch (error) {
      unlock();
      throw error;
    }
  } catch (error) {
    throw new UsageError(
      `Cannot use --journal=${given}: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

function openFiles(
  dir: string,
  /** Told once when the disk begins to refuse. */
  onFault: (error: Error) => void,
): JournalFiles & { readonly close: () => void } {
  const names = (): string[] =>
    readdirSync(dir)
      .filter((name) => NAME.test(name))
      .sort();
  let number = Number(names().at(-1)?.slice(5, 13) ?? 0);
  let file: number | undefined;
  let bytes = 0;
  let failing = false;
  /** A journal that cannot be written stops nobody's run. */
  const attempt = (step: () => void): void => {
    try {
      step();
      failing = false;
    } catch (cause) {
      if (!failing)
        onFault(new Error('Cannot write the journal: runs are not found after a restart', { cause }));
      failing = true;
    }
  };
  const put = (text: string): void => {
    if (file === undefined) return;
    // After a line that was torn the next one begins anew.
    const line = Buffer.from(failing ? `\n${text}` : text);
    for (let at = 0; at < line.length; ) at += writeSync(file, line, at);
    bytes += line.length;
  };
  const close = (): void => {
    if (file !== undefined) closeSync(file);
    file = undefined;
  };
  return {
    get lines() {
      return linesOf(dir, names());
    },
    append(line) {
      attempt(() => put(line));
      return bytes;
    },
    turn(lines, keep) {
      const before = names();
      attempt(() => {
        number += 1;
        const next = openSync(join(dir, `runs-${String(number).padStart(8, '0')}.jsonl`), 'ax', 0o600);
        close();
        [file, bytes] = [next, 0];
        put(lines.join(''));
        for (const name of before.slice(0, before.length - keep)) rmSync(join(dir, name), { force: true });
      });
    },
    close,
  };
}

function* linesOf(dir: string, names: readonly string[]): Generator<string> {
  for (const name of names) {
    const path = join(dir, name);
    if (statSync(path).size > MOST_READ_BYTES) continue; // not one of ours
    yield* readFileSync(path, 'utf8').split('\n');
  }
}
