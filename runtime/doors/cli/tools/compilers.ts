import { spawn } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SandglassError } from '../../../vocabulary/errors.ts';
import type { SourceKind, ToolSource } from './find-source.ts';

interface Compiler {
  readonly program: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

interface Toolchain {
  readonly name: string;
  /** The first that is installed is used. */
  readonly compilers: (source: ToolSource, target: string) => readonly Compiler[];
  /** Where the result lies, where a compiler does not take its path. */
  readonly result?: (source: ToolSource) => Promise<string>;
  /** Said when none is installed. */
  readonly install: string;
  /** What a failure tells → what mends it. */
  readonly mend?: readonly (readonly [RegExp, string])[];
}

const TOOLCHAINS: Readonly<Record<Exclude<SourceKind, 'script' | 'python'>, Toolchain>> = {
  rust: {
    name: 'cargo',
    compilers: () => [{ program: 'cargo', args: ['build', '--release', '--target', 'wasm32-wasip1'] }],
    result: async ({ folder }) => {
      const built = join(folder, 'target/wasm32-wasip1/release');
      const name = (await readdir(built)).find((file) => file.endsWith('.wasm'));
      return join(built, name ?? 'tool.wasm');
    },
    install: 'Install Rust (rustup.rs), then: rustup target add wasm32-wasip1',
    mend: [
      [/target may not be installed|can't find crate for `(?:core|std)`/, 'rustup target add wasm32-wasip1'],
    ],
  },
  go: {
    name: 'go',
    compilers: (_source, target) => [
      {
        program: 'go',
        args: ['build', '-trimpath', '-buildvcs=false', '-ldflags=-s -w -buildid=', '-o', target, '.'],
        env: { GOOS: 'wasip1', GOARCH: 'wasm' },
      },
    ],
    install: 'Install Go 1.21 or later (go.dev/dl)',
  },
  c: {
    name: 'clang or zig',
    compilers: ({ entry }, target) => [
      { program: 'clang', args: ['--target=wasm32-wasi', '-Oz', '-s', '-o', target, entry] },
      ...[
        ['zig', 'cc'],
        ['python3', '-m', 'ziglang', 'cc'],
      ].map(([program = '', ...args]) => ({
        program,
        args: [...args, '-target', 'wasm32-wasi', '-Oz', '-s', '-o', target, entry],
      })),
    ],
    install: 'pip install ziglang, or install clang with wasi-libc',
  },
};

/**
 * Compiles a tool with what its author has installed.
 * @throws {SandglassError} UNSUPPORTED with what installs a compiler; INPUT_INVALID with what the compiler says.
 */
export async function compileTool(source: ToolSource, signal: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
  if (source.kind === 'script' || source.kind === 'python') throw new Error('scripts have no compiler');
  const toolchain = TOOLCHAINS[source.kind];
  const target = `${source.output}.${process.pid}`;
  const said: string[] = [];
  for (const compiler of toolchain.compilers(source, target)) {
    const { status, output } = await run(compiler, source.folder, signal);
    if (status === 0) {
      const path = (await toolchain.result?.(source)) ?? target;
      const bytes = new Uint8Array(await readFile(path));
      if (path === target) await (await import('node:fs/promises')).rm(target);
      return bytes;
    }
    if (status !== undefined && !/No module named ziglang/.test(output)) said.push(output.trim());
  }
  const [first] = said;
  if (first === undefined)
    throw new SandglassError('UNSUPPORTED', `Cannot build the tool: ${toolchain.name} is not installed`, {
      hint: toolchain.install,
    });
  const mend = toolchain.mend?.find(([pattern]) => pattern.test(first))?.[1];
  throw new SandglassError('INPUT_INVALID', `Cannot build the tool: ${first.slice(-4_000)}`, {
    hint: mend ?? (said.length > 1 ? toolchain.install : 'Mend the source and build again'),
  });
}

/** @returns `status: undefined` when the program is not there. */
function run(
  { program, args, env }: Compiler,
  cwd: string,
  signal: AbortSignal,
): Promise<{ readonly status: number | undefined; readonly output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd, env: { ...process.env, ...env }, signal });
    let output = '';
    const take = (text: string): void => {
      output = (output + text).slice(-100_000);
    };
    child.stdout.setEncoding('utf8').on('data', take);
    child.stderr.setEncoding('utf8').on('data', take);
    child.on('error', (error: NodeJS.ErrnoException) =>
      error.code === 'ENOENT' ? resolve({ status: undefined, output }) : reject(error),
    );
    child.on('close', (code) => resolve({ status: code ?? 1, output }));
  });
}
