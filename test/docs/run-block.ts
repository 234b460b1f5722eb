import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, cp, mkdir, symlink, writeFile } from 'node:fs/promises';
import { get } from 'node:http';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { pathToFileURL } from 'node:url';
import { createRuntime, type Runtime } from '../../runtime/index.ts';
import type { CodeBlock } from './code-blocks.ts';
import { ROOT } from './documents.ts';
import { createSurroundings } from './surroundings.ts';

const ENTRIES: Readonly<Record<string, string>> = {
  sandglass: 'runtime/index.ts',
  'sandglass/http': 'runtime/doors/http/index.ts',
  'sandglass/client': 'runtime/doors/client/index.ts',
  'sandglass/ai': 'runtime/doors/ai/index.ts',
  'sandglass/observe': 'runtime/observe/index.ts',
  'sandglass/prebuild': 'runtime/index.prebuild.ts',
};

/** Packages that a reader of an example has installed, too. */
const INSTALLED: Readonly<Record<string, string>> = {
  '@opentelemetry/api': 'node_modules/@opentelemetry/api',
};

export interface Ended {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs blocks as a reader would, who has the package and has copied its examples: in one folder, TypeScript in one process, guests of one
 * runtime.
 */
export interface Reader extends AsyncDisposable {
  run(block: CodeBlock): Promise<Ended>;
}

export async function createReader(folder: string): Promise<Reader> {
  await cp(join(ROOT, 'examples'), join(folder, 'examples'), { recursive: true });
  await mkdir(join(folder, 'bin'), { recursive: true });
  const npx = join(folder, 'bin/npx');
  await writeFile(
    npx,
    `#!/bin/sh\n[ "$1" = -y ] && shift\nshift\nexec "${process.execPath}" "${ROOT}/runtime/doors/cli/main.ts" "$@"\n`,
  );
  await chmod(npx, 0o755);
  for (const [name, path] of Object.entries(INSTALLED)) {
    const at = join(folder, 'node_modules', name);
    await mkdir(dirname(at), { recursive: true });
    await symlink(join(ROOT, path), at);
  }
  const surroundings = createSurroundings(folder);
  let programs: ChildProcess | undefined;
  let guests: Runtime | undefined;
  let count = 0;
  return {
    async run(block) {
      if (block.use === 'guest') {
        guests ??= createRuntime();
        return asGuest(guests, block, folder);
      }
      const { code, env } = await surroundings.place(block);
      if (block.use === 'server') return served(code, folder);
      if (block.language === 'sh') return command('sh', ['-e', '-c', code], folder);
      programs ??= fork(join(ROOT, 'test/docs/serve-blocks.ts'), [], {
        cwd: folder,
        execPath: process.execPath,
        execArgv: [],
        env: { ...process.env, PATH: pathIn(folder) },
        stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      });
      const file = join(folder, `block-${count++}.ts`);
      await writeFile(file, withOwnEntries(code));
      const told = once(programs, 'message');
      programs.send({ file, env });
      const [{ stdout, failure = '' }] = await told;
      return { exitCode: failure === '' ? 0 : 1, stdout, stderr: failure };
    },
    async [Symbol.asyncDispose]() {
      programs?.disconnect(); // it ends once nothing of the blocks is left: a block that leaves something behind keeps it up
      await guests?.close();
      await surroundings[Symbol.asyncDispose]();
    },
  };
}

const withOwnEntries = (code: string): string =>
  Object.entries(ENTRIES).reduce(
    (text, [specifier, source]) =>
      text.replaceAll(`from '${specifier}'`, `from '${pathToFileURL(join(ROOT, source)).href}'`),
    code,
  );

async function asGuest(
  runtime: Runtime,
  { language, code, marks }: CodeBlock,
  folder: string,
): Promise<Ended> {
  const outcome = await runtime.run({
    language,
    code,
    grant: {
      ...(marks.includes('data') ? { fs: [{ host: join(folder, 'examples/data'), guest: '/data' }] } : {}),
      ...(marks.includes('kv') ? { kv: [{ name: 'notes', access: ['read', 'write'] }] } : {}),
    },
  });
  const value = outcome.ok && outcome.value !== undefined && outcome.value !== null ? `${outcome.value}` : '';
  return {
    exitCode: outcome.ok ? 0 : 1,
    stdout: `${outcome.stdout}${value}`,
    stderr: outcome.ok ? '' : outcome.error.message,
  };
}

/** Compiles blocks as a strict project of somebody else's would, by the entry that their platform gets. Answers what the compiler complains of. */
export async function compileBlocks(
  blocks: readonly CodeBlock[],
  folder: string,
  platform: 'node' | 'browser' | 'workerd' = 'node',
): Promise<Ended> {
  const target = join(folder, `compile-${platform}`);
  await mkdir(join(target, 'tool'), { recursive: true });
  for (const [index, { line, code }] of blocks.entries())
    await writeFile(join(target, `block-${index}-line-${line}.ts`), `${code}\nexport {};\n`);
  const entry = platform === 'node' ? 'runtime/index.ts' : `runtime/index.${platform}.ts`;
  const paths = Object.fromEntries(
    Object.entries({
      ...ENTRIES,
      sandglass: entry,
      'sandglass/quickjs.wasm': 'runtime/engines/quickjs/quickjs.wasm.d.ts',
      ...INSTALLED,
    }).map(([specifier, file]) => [specifier, [join(ROOT, file)]]),
  );
  const compilerOptions = {
    strict: true,
    exactOptionalPropertyTypes: true,
    noEmit: true,
    skipLibCheck: true,
    target: 'es2024',
    lib: ['es2024', 'esnext.disposable', 'esnext.iterator', 'dom', 'dom.iterable', 'dom.asynciterable'],
    module: 'preserve',
    moduleResolution: 'bundler',
    allowImportingTsExtensions: true,
    resolveJsonModule: true,
    types: ['node'],
    typeRoots: [join(ROOT, 'node_modules/@types')],
    paths,
  };
  // What prebuildComponent writes has no types of its own.
  await writeFile(
    join(target, 'tool/component.d.ts'),
    `import type { PrebuiltComponent } from 'sandglass';\nexport declare const component: PrebuiltComponent;\n`,
  );
  await writeFile(join(target, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.ts'] }));
  return command(process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', target], folder);
}

async function command(file: string, args: readonly string[], cwd: string): Promise<Ended> {
  const env = { ...process.env, PATH: pathIn(cwd) };
  const child = spawn(file, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const read = async (stream: NodeJS.ReadableStream): Promise<string> => {
    let text = '';
    for await (const chunk of stream) text += String(chunk);
    return text;
  };
  const exit = new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', resolve);
  });
  const [exitCode, stdout, stderr] = await Promise.all([exit, read(child.stdout), read(child.stderr)]);
  return { exitCode, stdout, stderr };
}

const pathIn = (folder: string): string =>
  `${join(folder, 'bin')}:${dirname(process.execPath)}:${process.env.PATH ?? ''}`;

/** Starts a server at a port of its own, asks whether it is well, and has it end. */
async function served(code: string, cwd: string): Promise<Ended> {
  const env = { ...process.env, PATH: pathIn(cwd), SANDGLASS_PORT: '0', SANDGLASS_STORE: join(cwd, 'kept') };
  const child = spawn('sh', ['-e', '-c', `exec 2>&1\n${code}`], {
    cwd,
    env,
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  let told = '';
  try {
    for await (const chunk of child.stdout) {
      told += String(chunk);
      const [, port] = /https?:\/\/[^\s/]*:(\d+)/.exec(told) ?? [];
      if (port === undefined) continue;
      const status = await healthAt(Number(port), /--allowed-hosts=([\w.]+)/.exec(code)?.[1] ?? 'localhost');
      return { exitCode: status === 200 ? 0 : 1, stdout: told, stderr: `it answers ${status}` };
    }
    return { exitCode: 1, stdout: told, stderr: 'it ended before it served' };
  } finally {
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGTERM');
    await ended;
  }
}

/** The status of `/health`, asked for as a client of that host does. */
const healthAt = (port: number, host: string): Promise<number | undefined> =>
  new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port, path: '/health', headers: { host } }, (response) => {
      response.resume();
      resolve(response.statusCode);
    }).on('error', reject);
  });
