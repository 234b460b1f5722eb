import type { Runtime } from '../../runtime/contracts/api/runtime.ts';
import type { CommandContext } from '../../runtime/doors/cli/command.ts';
import type { Output, Signal, Terminal } from '../../runtime/doors/cli/terminal.ts';
import type { NodeRuntimeOptions, PythonPackageOptions } from '../../runtime/index.ts';
import { createFakeRuntime, type FakeRuntime } from './fake-runtime.ts';

export interface FakeContext extends CommandContext {
  readonly out: () => string;
  readonly err: () => string;
  readonly outBytes: () => Uint8Array;
  readonly runtime: FakeRuntime;
  /** What the runtime was created with, and whether it was closed. */
  readonly created: NodeRuntimeOptions[];
  /** What was fetched, and from where. */
  readonly fetched: { readonly sources: PythonPackageOptions; readonly names: readonly string[] }[];
  readonly closed: () => boolean;
  readonly signal: (signal: Signal) => void;
  readonly breakPipe: () => void;
  /** Listeners that nobody took back. */
  readonly listeners: () => number;
}

export interface FakeContextOptions {
  readonly answer?: Parameters<typeof createFakeRuntime>[0];
  readonly cwd?: string;
  readonly stdin?: string;
  readonly isTerminal?: boolean;
  readonly stdinIsPiped?: boolean;
  /** What goes wrong with stdout. */
  readonly outputFailure?: string;
  readonly env?: Record<string, string>;
  readonly inspector?: Awaited<ReturnType<CommandContext['loadInspector']>>;
  readonly info?: Pick<Runtime, 'engines' | 'platform'>;
}

export function createFakeContext(options: FakeContextOptions = {}): FakeContext {
  const written = { stdout: [] as Uint8Array[], stderr: [] as Uint8Array[] };
  const signals = new Set<(signal: Signal) => void>();
  const breaks = new Set<() => void>();
  const created: NodeRuntimeOptions[] = [];
  const fetched: FakeContext['fetched'] = [];
  const runtime = createFakeRuntime(options.answer);
  let closed = false;
  const output = (stream: 'stdout' | 'stderr'): Output => ({
    isTerminal: options.isTerminal ?? false,
    write: (content) => {
      written[stream].push(typeof content === 'string' ? new TextEncoder().encode(content) : content);
    },
    onBroken: (action) => {
      breaks.add(action);
      return () => breaks.delete(action);
    },
    failure: () => (stream === 'stdout' ? options.outputFailure : undefined),
    waitingBytes: 0,
    flush: async () => undefined,
  });
  const terminal: Terminal = {
    stdout: output('stdout'),
    stderr: output('stderr'),
    cwd: options.cwd ?? '/',
    env: options.env ?? {},
    stdinIsPiped: options.stdinIsPiped ?? false,
    readStdin: async () => new TextEncoder().encode(options.stdin ?? ''),
    openStdin: async function* () {
      yield new TextEncoder().encode(options.stdin ?? '');
    },
    onSignal: (action) => {
      signals.add(action);
      return () => signals.delete(action);
    },
  };
  const close = async (): Promise<void> => {
    closed = true;
  };
  const unused = (): never => {
    throw new Error('Not part of this fake');
  };
  // No command that is tested with this fake asks for tools.
  const noTools: Runtime['tools'] = {
    register: unused,
    unregister: unused,
    onChange: unused,
    load: unused,
    discover: unused,
    ready: unused,
    list: unused,
    info: unused,
    call: unused,
    callMany: unused,
    validate: unused,
    check: unused,
    explain: unused,
    search: unused,
    signatures: unused,
    forModel: unused,
    hooks: { add: unused, remove: unused, list: unused },
    servers: { list: unused, mount: unused, unmount: unused, confirm: unused },
  };
  return {
    terminal,
    version: '1.2.3',
    fetched,
    loadPackages: async () => async (sources, names, onDownload) => {
      fetched.push({ sources, names });
      onDownload('a-1.0-py3-none-any.whl');
      return [{ name: 'a', version: '1.0', file: 'a-1.0-py3-none-any.whl', from: 'index', bytes: 2048 }];
    },
    createRuntime: async (runtimeOptions) => {
      created.push(runtimeOptions);
      return {
        run: runtime.run,
        start: unused,
        engines: options.info?.engines ?? unused,
        platform: options.info?.platform ?? unused,
        health: unused,
        sessions: { open: unused, close: unused },
        runs: { list: unused, get: unused, cancel: unused, output: unused },
        on: unused,
        tools: noTools,
        guide: { select: unused, params: unused, run: unused, recommend: unused },
        policy: { revision: 1, refused: undefined, replace: unused },
        artifacts: { read: unused },
        close,
        [Symbol.asyncDispose]: close,
      };
    },
    inspectUpload: unused,
    loadInspector: async () => options.inspector ?? unused,
    out: () => Buffer.concat(written.stdout).toString('utf8'),
    err: () => Buffer.concat(written.stderr).toString('utf8'),
    outBytes: () => Buffer.concat(written.stdout),
    runtime,
    created,
    closed: () => closed,
    signal: (signal) => {
      for (const action of signals) action(signal);
    },
    breakPipe: () => {
      for (const action of breaks) action();
    },
    listeners: () => signals.size + breaks.size,
  };
}
