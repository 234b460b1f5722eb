// Formats and lints the Python sources with ruff, compiled to wasm: npm alone brings it. `--write` formats in place; without, what is not
// formatted is a breach. Ends with 1 and one line per breach.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { PositionEncoding, Workspace } from '@astral-sh/ruff-wasm-nodejs';
import { PYTHON_PROGRAMS, pythonPrograms } from './check/python-programs.ts';

const root = join(import.meta.dirname, '..');
const FOLDERS = ['runtime', 'examples', 'guest-tools', 'scripts', 'test'];
const SETTINGS = {
  'line-length': 110,
  'target-version': 'py314',
  // B018: a program's last line is its value. UP012: an encoding that is named needs no thought.
  lint: { select: ['E4', 'E7', 'E9', 'F', 'W', 'B', 'UP', 'I', 'PIE', 'C4'], ignore: ['B018', 'UP012'] },
};

interface Place {
  readonly row: number;
  readonly column: number;
}

interface Finding {
  readonly code: string | null;
  readonly message: string;
  readonly start_location: Place;
  readonly fix: {
    readonly edits: readonly {
      readonly content: string | null;
      readonly location: Place;
      readonly end_location: Place;
    }[];
  } | null;
}

const write = process.argv.includes('--write');
const workspace = new Workspace(SETTINGS, PositionEncoding.Utf16);
const breaches: string[] = [];

const findingsIn = (source: string): readonly Finding[] => workspace.check(source); // as ruff's own declarations have it

/** Imports in order; every other finding is for a person to look at. */
function sorted(source: string): string {
  let text = source;
  for (const { code, fix } of [...findingsIn(source)].reverse()) {
    if (code !== 'I001') continue;
    for (const { content, location, end_location: end } of fix?.edits ?? [])
      text = text.slice(0, offsetOf(text, location)) + (content ?? '') + text.slice(offsetOf(text, end));
  }
  return text;
}

function offsetOf(text: string, { row, column }: Place): number {
  let start = 0;
  for (let line = 1; line < row; line++) start = text.indexOf('\n', start) + 1;
  return start + column - 1;
}

for (const folder of FOLDERS) {
  for (const entry of readdirSync(join(root, folder), { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !entry.name.endsWith('.py') || /\bnode_modules\b/.test(entry.parentPath)) continue;
    const file = join(entry.parentPath, entry.name);
    const source = readFileSync(file, 'utf8');
    const path = relative(root, file);
    const formatted = workspace.format(write ? sorted(source) : source);
    for (const finding of findingsIn(write ? formatted : source))
      breaches.push(`${path}:${finding.start_location.row}: ${finding.code ?? 'syntax'} ${finding.message}`);
    if (formatted === source) continue;
    if (write) writeFileSync(file, formatted);
    else breaches.push(`${path}: not formatted; "npm run format" does it`);
  }
}
const embedded = pythonPrograms(root);
if (write) writeFileSync(join(root, PYTHON_PROGRAMS), embedded);
else if (readFileSync(join(root, PYTHON_PROGRAMS), 'utf8') !== embedded)
  breaches.push(`${PYTHON_PROGRAMS}: not what the .py files beside it say; "npm run format" writes it`);
for (const breach of breaches) console.error(breach);
console.log(breaches.length === 0 ? 'python: formatted, no findings' : `python: ${breaches.length} findings`);
process.exitCode = breaches.length === 0 ? 0 : 1;
