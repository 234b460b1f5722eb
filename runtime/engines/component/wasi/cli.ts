import type { ComponentRun } from '../component-run.ts';
import { ok, type Result } from './errors.ts';
import { InputStream, OutputStream } from './io.ts';

/** `wasi:cli/terminal-*`: there never is a terminal, so no guest holds one of these. */
class TerminalInput {}
class TerminalOutput {}

/** `wasi:cli/*`: only what the run gives; `exit` ends the guest, never the host. */
export function cliInterfaces(run: ComponentRun) {
  const { argv, env, cwd, stdin, program = 'module.wasm' } = run.spec;
  let position = 0;
  const variables = Object.entries(env);
  const given = [program, ...argv];
  const paid = <T>(texts: T, bytes: number): T => {
    run.check();
    run.pay(bytes);
    return texts;
  };
  const variableBytes = size(variables.flat());
  const givenBytes = size(given);
  const output = (stream: 'stdout' | 'stderr') => (): OutputStream =>
    new OutputStream(run, (bytes) => {
      run.write(stream, bytes);
      return undefined;
    });
  const input = (): InputStream =>
    new InputStream(run, (length) => {
      const part = stdin.slice(position, position + length);
      position += part.byteLength;
      return ok(part);
    });
  return {
    'wasi:cli/environment': {
      getEnvironment: () => paid(variables, variableBytes),
      getArguments: () => paid(given, givenBytes),
      initialCwd: () => cwd,
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
