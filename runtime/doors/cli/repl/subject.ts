import type { OutputChunk } from '../../../contracts/api/run.ts';
import type { Runtime } from '../../../contracts/api/runtime.ts';
import type { ModuleSession, Session, SessionOptions } from '../../../contracts/api/session.ts';
import type { GuestValue } from '../../../vocabulary/guest-value.ts';
import type { Outcome } from '../../../vocabulary/outcome.ts';
import { parseJson } from '../files.ts';
import { printable } from '../style.ts';
import { UsageError } from '../usage-error.ts';
import { isComplete } from './is-complete.ts';
import { completeNames } from './names.ts';
import type { Completer } from './prompt.ts';

/** What lines are typed at: a language, or an instance of a module. */
export interface Subject {
  /** `python`, or the file's name. */
  readonly label: string;
  /** What the history is kept under. */
  readonly history: string;
  /** Shown where a line is awaited: the first, and those that go on with it. */
  readonly marks: readonly [first: string, more: string];
  /** Commands of its own, a line each. */
  readonly help: string;
  readonly open: (runtime: Runtime) => Promise<OpenSubject>;
  /** Whether what was typed can be run, or more of it must follow. */
  readonly isComplete: (typed: string) => boolean;
}

/** One session of it. */
export interface OpenSubject {
  /** Runs what was typed; a text is shown as it is. @throws {UsageError} for a line that cannot be read. */
  run(typed: string, options: LineOptions): Promise<Outcome | string>;
  readonly complete: Completer;
  close(): Promise<void>;
}

export interface LineOptions {
  readonly signal: AbortSignal;
  readonly onOutput: (chunk: OutputChunk) => void;
}

const MARKS: Readonly<Record<string, readonly [first: string, more: string]>> = {
  javascript: ['js> ', '... '],
  typescript: ['ts> ', '... '],
  python: ['>>> ', '... '],
};

/** Lines are code, whose variables stay. */
export const scriptSubject = (options: SessionOptions): Subject => {
  const { language } = options;
  return {
    label: language,
    history: language,
    marks: MARKS[language] ?? ['> ', '... '],
    help: '',
    isComplete: (typed) => isComplete(typed, language),
    open: async (runtime) => {
      const session: Session = await runtime.sessions.open(options);
      return {
        run: (code, line) => session.run({ code, ...line }),
        complete: (line) => completeNames(line, language, session),
        close: session.close,
      };
    },
  };
};

export interface ModuleSubjectOptions {
  readonly name: string;
  readonly module: Uint8Array;
  /** Names of its exported functions. */
  readonly functions: readonly string[];
  readonly options: Omit<SessionOptions, 'language'>;
}

/** Lines are calls of exported functions: `name(1, "two")`, with arguments as JSON. */
export const moduleSubject = ({ name, module, functions, options }: ModuleSubjectOptions): Subject => ({
  label: name,
  history: 'wasm',
  marks: ['wasm> ', '... '],
  help: `NAME(1, "two")         calls an exported function, with arguments as JSON
.read OFFSET LENGTH    shows bytes of its memory
.write OFFSET TEXT     writes text into its memory
`,
  isComplete: () => true,
  open: async (runtime) => {
    const session = await runtime.sessions.open({ ...options, module });
    return {
      run: async (typed, line) => {
        const text = typed.trim();
        return text.startsWith('.')
          ? touchMemory(session, text)
          : session.run({ ...readCall(text), ...line });
      },
      complete: async (line) => [functions.filter((known) => known.startsWith(line)), line],
      close: session.close,
    };
  },
});

/** @throws {UsageError} */
function readCall(text: string): { readonly invoke: string; readonly args: readonly GuestValue[] } {
  const at = text.indexOf('(');
  if (at < 0) return { invoke: text, args: [] };
  const invoke = text.slice(0, at).trim();
  const rest = text.slice(at + 1).trimEnd();
  if (invoke === '' || !rest.endsWith(')'))
    throw new UsageError(`Cannot read ${JSON.stringify(text)}`, 'A line calls a function: NAME(1, "two")');
  const args = parseJson(`[${rest.slice(0, -1)}]`, `the arguments of ${invoke}`);
  return { invoke, args: args as readonly GuestValue[] }; // JSON, with bigints for large integers: each a guest value
}

/** @throws {UsageError | SandglassError} */
async function touchMemory({ memory }: ModuleSession, text: string): Promise<string> {
  const [, word, at, rest] = /^\.(read|write) (\d{1,10}) (.*)$/.exec(text) ?? [];
  const offset = Number(at);
  if (word === 'write' && rest !== undefined) {
    await memory.write(offset, new TextEncoder().encode(rest));
    return '';
  }
  if (word === 'read' && rest !== undefined && /^\d{1,7}$/.test(rest))
    return dump(offset, await memory.read(offset, Number(rest)));
  throw new UsageError(
    `Cannot read ${JSON.stringify(text)}`,
    'It is .read OFFSET LENGTH, or .write OFFSET TEXT',
  );
}

const PER_LINE = 16;

/** Offset, bytes and what of them is readable, 16 a line. */
function dump(offset: number, bytes: Uint8Array): string {
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; at += PER_LINE) {
    const part = [...bytes.subarray(at, at + PER_LINE)];
    const hex = part.map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
    const shown = part.map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.'));
    lines.push(
      `${(offset + at).toString(16).padStart(8, '0')}  ${hex.padEnd(PER_LINE * 3)} ${shown.join('')}`,
    );
  }
  return lines.map((line) => `${printable(line)}\n`).join('');
}
