import { spawn } from 'node:child_process';
import process from 'node:process';
import type { Runtime } from '../../runtime/contracts/api/runtime.ts';
import type { Side } from './side.ts';

/** A guest of ours: the tests' folder is granted for reading, and the HOME that stock Pyodide has. */
export const ours = (runtime: Runtime, tests: string): Side => ({
  name: 'here',
  run: async (code, signal, take) => {
    const outcome = await runtime.run({
      language: 'python',
      code,
      grant: {
        fs: [{ host: tests, guest: '/cpython/test', access: ['read'] }],
        env: { HOME: '/home/pyodide' },
      },
      cwd: '/tmp',
      limits: {
        timeoutMs: 600_000,
        fuel: 2_000_000_000_000,
        memoryBytes: 1024 * 1024 * 1024,
        outputBytes: 64 * 1024 * 1024,
        hostCalls: 1_000_000,
      },
      signal,
      onOutput: (chunk) => {
        if (chunk.stream === 'stdout') take(chunk.text);
      },
    });
    return outcome.ok ? undefined : `${outcome.error.code}: ${outcome.error.message}`;
  },
});

/**
 * The stack of stock Pyodide's calls, KiB, as large as ours: by V8's own size, tests of deep recursion would end its process.
 * The shell raises the size of the process's own stack with it.
 */
const STACK_KIB = 24_000;

/** Pyodide as its package has it, in a Node process of its own, with the tests' folder mounted. */
export const stock = (tests: string): Side => ({
  name: 'stock',
  run: async (code, signal, take) => {
    const script = `
      import { writeSync } from 'node:fs';
      import { loadPyodide } from 'pyodide';
      const python = await loadPyodide();
      python.setStdout({ write: (bytes) => writeSync(1, bytes) });
      python.setStderr({ write: (bytes) => bytes.length });
      python.FS.mkdirTree('/cpython/test');
      python.mountNodeFS('/cpython/test', ${JSON.stringify(tests)});
      python.FS.chdir('/tmp');
      await python.runPythonAsync(${JSON.stringify(code)});
      process.exit(0);`;
    const child = spawn(
      'sh',
      [
        '-c',
        `ulimit -s ${STACK_KIB + 4_000}; exec "$0" "$@"`,
        process.execPath,
        `--stack-size=${STACK_KIB}`,
        `--wasm-stack-switching-stack-size=${STACK_KIB}`,
        '--input-type=module',
        '-e',
        script,
      ],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    );
    const stop = (): void => {
      child.kill('SIGKILL');
    };
    signal.addEventListener('abort', stop);
    let complaint = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      complaint = (complaint + text).slice(-10_000);
    });
    child.stdout.setEncoding('utf8').on('data', take);
    const [code_, killedBy] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve) => {
      child.once('close', (status, by) => resolve([status, by]));
    });
    signal.removeEventListener('abort', stop);
    if (killedBy !== null) return `killed by ${killedBy}`;
    if (code_ === 0) return undefined;
    const reason = complaint.split('\n').findLast((line) => /^\s*(\w*Error|Fatal|FATAL)\b/.test(line));
    return `its process ended with ${code_}${reason === undefined ? '' : `: ${reason.trim()}`}`;
  },
});
