import { MIB } from '../vocabulary/units.ts';
import type { GuardLimits } from './guard-options.ts';
import { invalid } from './invalid.ts';
import type { SizeLimits } from './limits-type.ts';
import type { ModuleShape } from './module-shape.ts';
import { readShape } from './read-shape.ts';
import { splitSections } from './sections.ts';

/** What one module may declare. Found in real programs: 8,560 exports, one memory. Each export is told to a cell by its name and type. */
const MOST = Object.freeze({ exports: 50_000, imports: 50_000, memories: 1_000, tables: 1_000 });
/** Characters of all names that it imports and exports: they go from thread to thread with what is known of the module. */
const MOST_NAMES = 4 * MIB;

/** Reads a core module at `start` … `end` and refuses what it asks too much of. */
export function guardModule(
  bytes: Uint8Array,
  limits: GuardLimits,
  start = 0,
  end = bytes.length,
): ModuleShape {
  const shape = readShape(bytes, splitSections(bytes, start, end));
  for (const [what, most] of Object.entries(MOST)) {
    const count = shape[what as keyof typeof MOST].length; // the keys of the table above
    if (count > most) throw invalid(`it has ${count} ${what}, at most ${most} are allowed`, start);
  }
  const names =
    shape.imports.reduce((sum, { module, name }) => sum + module.length + name.length, 0) +
    shape.exports.reduce((sum, { name }) => sum + name.length, 0);
  if (names > MOST_NAMES)
    throw invalid(
      `its imports and exports have names of ${names} characters, at most ${MOST_NAMES} are allowed`,
      start,
    );
  for (const memory of shape.memories) {
    if (memory.wide && !limits.memory64) throw invalid('its memory is addressed by i64', start);
    checkMinimum(memory, limits.maxMemoryPages, 'memory', 'pages of 64 KiB');
  }
  for (const table of shape.tables) checkMinimum(table, limits.maxTableElements, 'table', 'elements');
  return shape;
}

function checkMinimum({ minimum }: SizeLimits, cap: number, what: string, unit: string): void {
  if (minimum > cap) throw invalid(`its ${what} starts with ${minimum} ${unit}, at most ${cap} are allowed`);
}
