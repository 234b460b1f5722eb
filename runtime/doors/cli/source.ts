import { basename, extname } from 'node:path';
import type { LooseRunOptions } from '../../contracts/api/run.ts';
import { didYouMean } from '../../vocabulary/nearest.ts';
import { decodeText, MAX_FILE_BYTES, moduleSize, readBytes } from './files.ts';
import type { Terminal } from './terminal.ts';
import { UsageError } from './usage-error.ts';

/** What a file is to the runtime. */
export type GuestCode = Pick<LooseRunOptions, 'language' | 'code' | 'module' | 'filename' | 'form'>;

const BY_ENDING: Readonly<
  Record<string, { readonly language: string; readonly form?: 'script' | 'module' }>
> = {
  '.js': { language: 'javascript' },
  '.mjs': { language: 'javascript', form: 'module' },
  '.cjs': { language: 'javascript', form: 'script' },
  '.jsx': { language: 'javascript' },
  '.ts': { language: 'typescript' },
  '.mts': { language: 'typescript', form: 'module' },
  '.cts': { language: 'typescript', form: 'script' },
  '.tsx': { language: 'typescript' },
  '.py': { language: 'python' },
  '.sh': { language: 'shell' },
  '.bash': { language: 'shell' },
  '.wasm': { language: 'wasm' },
};

const ALIASES: Readonly<Record<string, string>> = {
  js: 'javascript',
  mjs: 'javascript',
  javascript: 'javascript',
  ts: 'typescript',
  mts: 'typescript',
  typescript: 'typescript',
  py: 'python',
  python: 'python',
  sh: 'shell',
  bash: 'shell',
  shell: 'shell',
  wasm: 'wasm',
};

/** `--lang` in the runtime's words. @throws {UsageError} for a name that no engine has. */
export function languageOf(text: string): string {
  const known = Object.hasOwn(ALIASES, text.toLowerCase()) ? ALIASES[text.toLowerCase()] : undefined;
  if (known === undefined) {
    const names = [...new Set(Object.values(ALIASES))];
    throw new UsageError(
      `Unknown language "${text}"${didYouMean(text, names)}`,
      `Known: ${names.join(', ')}`,
    );
  }
  return known;
}

/**
 * Reads the guest from a file, or from stdin for `-`. What it is: as told, else by the file's ending, else wasm by its first bytes,
 * else JavaScript from stdin.
 * @throws {UsageError}
 */
export async function readSource(
  path: string,
  told: string | undefined,
  terminal: Terminal,
  maxModuleBytes: number,
): Promise<GuestCode> {
  const language = told === undefined ? undefined : languageOf(told);
  const ending = BY_ENDING[extname(path).toLowerCase()];
  const isModule = (language ?? ending?.language) === 'wasm';
  const bytes =
    path === '-'
      ? await terminal.readStdin(isModule ? maxModuleBytes : MAX_FILE_BYTES)
      : await readBytes(path, terminal.cwd, isModule ? moduleSize(maxModuleBytes) : undefined);
  const kind =
    language ?? ending?.language ?? (isWasm(bytes) ? 'wasm' : path === '-' ? 'javascript' : undefined);
  if (kind === undefined) throw unknownKind(path);
  const filename = path === '-' ? {} : { filename: basename(path) };
  if (kind === 'wasm') return { module: bytes, ...filename };
  const form = kind === ending?.language && ending.form !== undefined ? { form: ending.form } : {};
  return { language: kind, code: decodeText(bytes, path), ...filename, ...form };
}

const isWasm = (bytes: Uint8Array): boolean =>
  bytes[0] === 0 && bytes[1] === 0x61 && bytes[2] === 0x73 && bytes[3] === 0x6d;

const unknownKind = (path: string): UsageError =>
  new UsageError(
    `Cannot tell what "${path}" is: known endings are ${Object.keys(BY_ENDING).join(', ')}`,
    'Say what it is, e.g. --lang=javascript',
  );
