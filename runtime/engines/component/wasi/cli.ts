import type { ComponentRun } from '../component-run.ts';
import { ok, type Result } from './errors.ts';
import { InputStream, OutputStream } from './io.ts';

/** `wasi:cli/terminal-*`: there never is a terminal, so no guest holds one of these. */
class TerminalInput {}
class TerminalOutput {}

/** `wasi:cli/*`: only what the run gives; `exit` ends the guest, never the host. */
export function cliInterfaces(run: ComponentRun) {
  /** Read for each call: a component that is kept has another of it each time. */
  let of: Uint8Array | undefined;
  let position = 0;
  const variables = () => Object.entries(run.spec.env);
  const given = () => [run.spec.program ?? 'module.wasm', ...run.spec.argv];
  const paid = <T>(texts: T, bytes: number): T => {
    run.check();
    run.pay(bytes);
    return texts;
  };
  const output = (stream: 'stdout' | 'stderr') => (): OutputStream =>
    new OutputStream(run, (bytes) => {
      run.write(stream, bytes);
      return undefined;
    });
  const input = (): InputStream =>
    new InputStream(run, (length) => {
      const { stdin } = run.spec;
      if (of !== stdin) position = 0;
      of = stdin;
      const part = stdin.slice(position, position + length);
      position += part.byteLength;
      return ok(part);
    });
  return {
    'wasi:cli/environment': {
      getEnvironment: () => paid(variables(), size(variables().flat())),
      getArguments: () => paid(given(), size(given())),
      initialCwd: () => run.spec.cwd,
    },
    'wasi:cli/exit': {
      exit: (status: Result<undefined, undefined>) => run.exit(status.tag),
      exitWithCode: (exitCode: number) => run.end({ kind: 'exit', exitCode }),
    },
    'wasi:cli/stdin': { getStdin: input },
    'wasi:cli/stdout': { getStdout: output('stdout') },
    'wasi:cli/stderr': { getStderr: output('stderr') },
    'wasi:cli/terminal-input': { TerminalInput },
    'wasi:cli/terminal-output': { TerminalOutput },
    'wasi:cli/terminal-stdin': { getTerminalStdin: () => undefined },
    'wasi:cli/terminal-stdout': { getTerminalStdout: () => undefined },
    'wasi:cli/terminal-stderr': { getTerminalStderr: () => undefined },
  };
}

/** Of texts that are copied into the guest, each with a place in a list. */
const size = (texts: readonly string[]): number => texts.reduce((sum, text) => sum + text.length + 8, 0);
