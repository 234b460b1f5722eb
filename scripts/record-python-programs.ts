import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadPyodide } from 'pyodide';
import { readHeader } from '../test/support/python-program.ts';
import { allPrograms, type RecordedProgram, writePrograms } from '../test/support/recorded-programs.ts';

/** What this machine has of CPython. Programs of a later one are run by Pyodide as it is published, in this process and unmetered. */
const version = spawnSync('python3', ['-c', 'import sys; print("%d.%d" % sys.version_info[:2])'], {
  encoding: 'utf8',
}).stdout.trim();

const minorOf = (text: string): number => Number(text.split('.')[1]);

async function byPyodide({ code, name }: RecordedProgram): Promise<string> {
  const python = await loadPyodide({ env: { HOME: '/tmp', TZ: 'UTC' } });
  const bytes: number[] = [];
  python.setStdout({ raw: (byte) => void bytes.push(byte) });
  const globals = python.toPy({ __name__: '__main__', __file__: name });
  await python.runPythonAsync(code, { globals, filename: name });
  return new TextDecoder().decode(Uint8Array.from(bytes));
}

async function recorded(program: RecordedProgram): Promise<RecordedProgram> {
  const { since, env, stdin, exit } = readHeader(program.code);
  if (since !== undefined && minorOf(since) > minorOf(version))
    return { ...program, prints: await byPyodide(program) };
  const folder = mkdtempSync(join(tmpdir(), 'python-programs-'));
  try {
    writeFileSync(join(folder, program.name), program.code);
    const { stdout, stderr, status, signal } = spawnSync('python3', [program.name], {
      cwd: folder,
      encoding: 'utf8',
      input: stdin,
      env: { PATH: process.env.PATH, HOME: folder, LANG: 'C.UTF-8', PYTHONUTF8: '1', ...env },
    });
    const ended = signal === 'SIGINT' ? 130 : status;
    if (ended !== exit) console.error(`${program.name} ends with ${ended}, not ${exit}: ${stderr}`);
    return { ...program, prints: stdout };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Writes anew what this machine's CPython prints for each program of `test/python-programs`. */
for (const [area, programs] of allPrograms('python-programs'))
  writePrograms('python-programs', area, await Promise.all(programs.map(recorded)));
