import { MAX_FILE_BYTES, parseJson, readText } from '../files.ts';
import type { Terminal } from '../terminal.ts';
import { UsageError } from '../usage-error.ts';

/**
 * What a tool is called with: a JSON object as it stands, of the file after `@`, or of stdin for `-` and for a pipe. Nothing at all is an object
 * without fields.
 * @throws {UsageError}
 */
export async function readCallInput(given: string | undefined, terminal: Terminal): Promise<object> {
  const { text, name } = await textOf(given, terminal);
  if (text.trim() === '' && given === undefined) return {};
  const value = parse(text, name);
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  throw new UsageError(
    `Cannot read ${name}: expected a JSON object, got ${Array.isArray(value) ? 'a list' : JSON.stringify(value)?.slice(0, 40)}`,
    `E.g. '{"path": "/data/a.txt"}'`,
  );
}

async function textOf(
  given: string | undefined,
  terminal: Terminal,
): Promise<{ readonly text: string; readonly name: string }> {
  if (given === '-' || (given === undefined && terminal.stdinIsPiped)) {
    const bytes = await terminal.readStdin(MAX_FILE_BYTES);
    return { text: new TextDecoder().decode(bytes), name: 'the arguments from stdin' };
  }
  if (given === undefined) return { text: '', name: 'the arguments' };
  if (given.startsWith('@'))
    return { text: await readText(given.slice(1), terminal.cwd), name: `the arguments of ${given}` };
  return { text: given, name: 'the arguments' };
}

function parse(text: string, name: string): unknown {
  try {
    return parseJson(text, name);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    throw new UsageError(
      error.message,
      `They are one JSON object between single quotes: '{"path": "/data/a.txt"}'; - reads it from stdin, @FILE from a file`,
    );
  }
}
