import { SandglassError } from '../../vocabulary/errors.ts';

const MARK = 'sandglass:tool';

/** Lines of a head comment that are looked at. */
const MOST_LINES = 2_000;

/**
 * The manifest in the comment that a script begins with: `sandglass:tool` and JSON after it, in a block comment, or in lines that begin with `//` or
 * `#`. `undefined` when there is none.
 * @throws {SandglassError} MANIFEST_INVALID when what follows the mark is not JSON.
 */
export function headManifest(source: string, path: string): unknown {
  const lines = source.split('\n', MOST_LINES);
  const start = lines.findIndex((line) => line.trim() !== '' && !line.startsWith('#!'));
  const first = lines[start]?.trim() ?? '';
  const text = first.startsWith('/*') ? blockComment(lines.slice(start)) : lineComments(lines.slice(start));
  const at = text.indexOf(MARK);
  if (at < 0) return undefined;
  try {
    return JSON.parse(text.slice(at + MARK.length));
  } catch (error) {
    const reason = error instanceof Error ? error.message : 'it cannot be read';
    throw new SandglassError(
      'MANIFEST_INVALID',
      `Cannot register ${path}: the manifest in its head comment is not JSON: ${reason.slice(0, 200)}`,
      {
        details: { file: path },
      },
    );
  }
}

/** Whether there is one, be it JSON or not. */
export function hasHeadManifest(source: string): boolean {
  try {
    return headManifest(source, '') !== undefined;
  } catch {
    return true; // told when it is registered
  }
}

function blockComment(lines: readonly string[]): string {
  const text = lines.join('\n');
  const begin = text.indexOf('/*') + 2;
  const end = text.indexOf('*/', begin);
  return text
    .slice(begin, end < 0 ? undefined : end)
    .split('\n')
    .map((line) => line.replace(/^\s*\*+ ?/, ''))
    .join('\n');
}

function lineComments(lines: readonly string[]): string {
  const comment: string[] = [];
  for (const line of lines) {
    const match = /^\s*(?:\/\/|#) ?(.*)$/.exec(line);
    if (match === null) break;
    comment.push(match[1] ?? '');
  }
  return comment.join('\n');
}
