import { spawn } from 'node:child_process';
import { once } from 'node:events';
import process from 'node:process';
import type { Subject } from '../../scripts/bench/sample.ts';

const command = (name: string, file: string, args: readonly string[]): Subject => ({
  name,
  warmUp: 1,
  once: async () => {
    const child = spawn(file, args, { stdio: 'ignore' });
    const [code] = await once(child, 'exit');
    if (code !== 0) throw new Error(`Cannot measure ${name}: it ended with ${code}`);
    return undefined;
  },
});

/** `loadPyodide` and one run, in a process of its own: no sandbox around it, no snapshot. */
export const stockPyodide = (code: string): Subject =>
  command('stock Pyodide: new process, load, run', process.execPath, [
    '--input-type=module',
    '-e',
    `import { loadPyodide } from 'pyodide'; const python = await loadPyodide(); python.runPython(${JSON.stringify(code)}); process.exit(0);`,
  ]);

/** The machine's own Python, with all of its user's power. */
export const python3 = (code: string): Subject => command('python3 -c', 'python3', ['-c', code]);
