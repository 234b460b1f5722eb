import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { transformSync } from 'esbuild';
import { allPrograms, type RecordedProgram, writePrograms } from '../test/support/recorded-programs.ts';

/** The time zone in which a program runs, if it names one: `// tz: Europe/Berlin`. */
const zoneOf = (code: string): string => /^\/\/ tz: (.*)$/m.exec(code)?.[1] ?? 'UTC';

/** TypeScript as its compiler gives it out: what Node itself takes leaves out enums and the like. */
const withoutTypes = ({ name, code }: RecordedProgram): string =>
  transformSync(code, {
    loader: name.endsWith('x') ? 'tsx' : 'ts',
    format: 'esm',
    target: 'es2022',
    tsconfigRaw: {
      compilerOptions: /^\/\/ decorators: legacy$/m.test(code)
        ? { useDefineForClassFields: false, experimentalDecorators: true }
        : { useDefineForClassFields: true },
    },
  }).code;

const wanted = process.argv.slice(2);

/** Writes anew what this Node prints for each program of `test/node-programs`, or of those areas of it that are named. */
for (const [area, programs] of allPrograms('node-programs')) {
  if (wanted.length > 0 && !wanted.includes(area)) continue;
  const folder = mkdtempSync(join(tmpdir(), 'node-programs-'));
  const recorded = programs.map((program): RecordedProgram => {
    const file = join(folder, program.name.replace(/\.tsx?$/, '.mjs'));
    const typed = /\.tsx?$/.test(program.name);
    writeFileSync(file, typed ? withoutTypes(program) : program.code);
    const { stdout, stderr, status } = spawnSync(process.execPath, ['--no-warnings', file], {
      cwd: folder,
      encoding: 'utf8',
      input: '',
      env: { TZ: zoneOf(program.code) },
    });
    if (status !== 0) console.error(`${program.name} exits with ${status}: ${stderr}`);
    return { ...program, prints: stdout };
  });
  rmSync(folder, { recursive: true });
  writePrograms('node-programs', area, recorded);
}
