import { type Callable, hide, inner, type Named, nodeError, wrongArgument } from '../inner.ts';
import { builtin } from '../registry.ts';
import { bufferOf } from './buffer.ts';
import { EventEmitter } from './events.ts';

const { host, setup } = inner;

class ExitSignal extends Error {}
hide(ExitSignal.prototype, 'name', 'ExitSignal');

let exitCode: number | undefined;
let exiting = false;

const codeOf = (value: unknown): number => {
  const code = typeof value === 'string' && value.trim() !== '' ? +value : value;
  if (typeof code !== 'number' || Number.isNaN(code)) throw wrongArgument('code', 'of type number', value);
  if (!Number.isInteger(code))
    throw nodeError(
      RangeError,
      'ERR_OUT_OF_RANGE',
      `The value of "code" is out of range. It must be an integer. Received ${code}`,
    );
  return code;
};

const tellExit = (): void => {
  if (exiting) return;
  exiting = true;
  (process as unknown as { emit(name: string, code: number): void }).emit('exit', exitCode ?? 0);
};

/** A stream of the run as Node's `process.stdout`: writes go out at once. */
const writable = (stream: 0 | 1, fd: number): object => {
  const made = new EventEmitter() as unknown as Named;
  const end = (...args: unknown[]): unknown => {
    if (typeof args[0] === 'string' || ArrayBuffer.isView(args[0])) write(args[0], ...args.slice(1));
    const done = args.find((arg) => typeof arg === 'function') as Callable | undefined;
    if (done !== undefined) nextTick(done);
    return made;
  };
  const write = (chunk: unknown, ...rest: unknown[]): boolean => {
    const bytes = typeof chunk === 'string' ? undefined : inner.bytesOf(chunk);
    if (typeof chunk !== 'string' && bytes === undefined) {
      throw wrongArgument('chunk', 'of type string or an instance of Buffer, TypedArray, or DataView', chunk);
    }
    inner.write(stream, bytes === undefined ? (chunk as string) : inner.decodeUtf8(bytes));
    const done = rest.find((arg) => typeof arg === 'function') as Callable | undefined;
    if (done !== undefined) nextTick(done);
    return true;
  };
  const same = (): unknown => made;
  Object.assign(made, {
    write,
    end,
    fd,
    writable: true,
    writableLength: 0,
    writableHighWaterMark: 16_384,
    writableEnded: false,
    destroyed: false,
    _type: 'pipe',
    cork: same,
    uncork: same,
    setDefaultEncoding: same,
    setEncoding: same,
    destroy: same,
    getColorDepth: () => 1,
    hasColors: () => false,
    getWindowSize: () => [80, 24],
    clearLine: () => true,
    clearScreenDown: () => true,
    cursorTo: () => true,
    moveCursor: () => true,
    _write: (chunk: unknown, _encoding: unknown, done: Callable) => {
      write(chunk);
      done();
    },
  });
  return made;
};

let stdin: unknown;
const readStdin = (): unknown => {
  if (stdin !== undefined) return stdin;
  const { Readable } = builtin('stream') as { readonly Readable: new (options: object) => Named };
  const made = new Readable({
    read(this: { push(chunk: unknown): void }) {
      const bytes = new Uint8Array(host.stdin());
      if (bytes.length > 0) this.push(bufferOf(bytes));
      this.push(null);
    },
  });
  Object.assign(made, { fd: 0, setRawMode: () => made, ref: () => made, unref: () => made });
  stdin = made;
  return made;
};

const ticks: (() => void)[] = [];
inner.hooks.ticks = () => {
  let ran = 0;
  for (let tick = ticks.shift(); tick !== undefined; tick = ticks.shift()) {
    ran += 1;
    tick();
  }
  return ran;
};
/** After what runs now and before the jobs of promises; where that is such a job itself, after all of them. */
const nextTick = (callback: unknown, ...args: unknown[]): void => {
  if (typeof callback !== 'function') throw wrongArgument('callback', 'of type function', callback);
  const bound = inner.hooks.bind?.(callback) ?? callback;
  ticks.push(() => Reflect.apply(bound as Callable, undefined, args));
};

const hrtime = (before?: readonly [number, number]): [number, number] => {
  const now = host.monotonic();
  const [seconds, nanos] = [Math.floor(now / 1000), Math.floor((now % 1000) * 1e6)];
  if (before === undefined) return [seconds, nanos];
  if (!Array.isArray(before)) throw wrongArgument('time', 'an instance of Array', before);
  const whole = (seconds - before[0]) * 1e9 + (nanos - before[1]);
  return [Math.floor(whole / 1e9), whole % 1e9];
};
hrtime.bigint = (): bigint => BigInt(Math.round(host.monotonic() * 1e6));

const emitWarning = (warning: unknown, options?: unknown, code?: unknown): void => {
  const given =
    typeof options === 'object' && options !== null ? (options as Named) : { type: options, code };
  const type = warning instanceof Error ? warning.name : String(given.type ?? 'Warning');
  const mark = given.code === undefined ? '' : `[${String(given.code)}] `;
  const message = warning instanceof Error ? warning.message : String(warning);
  const made =
    warning instanceof Error ? warning : Object.assign(new Error(message), { name: type, code: given.code });
  const tell = (): boolean =>
    (process as unknown as { emit(name: string, warning: unknown): boolean }).emit('warning', made);
  ticks.push(() => {
    if (tell()) return;
    inner.write(1, `(sandglass) ${mark}${type}: ${message}\n`);
  });
};

/** What a guest is not told of its host. */
const UNKNOWN_USE = Object.fromEntries(
  (
    'sharedMemorySize unsharedDataSize unsharedStackSize minorPageFault majorPageFault swappedOut fsRead fsWrite ' +
    'ipcSent ipcReceived signalsCount voluntaryContextSwitches involuntaryContextSwitches'
  )
    .split(' ')
    .map((name) => [name, 0]),
);

const isAbove = (folder: string, path: string): boolean =>
  folder === '/' || path === folder || path.startsWith(`${folder}/`);

const memoryUsage = (): Named => ({
  rss: 67_108_864,
  heapTotal: 16_777_216,
  heapUsed: 8_388_608,
  external: 1_048_576,
  arrayBuffers: 0,
});
memoryUsage.rss = (): number => 67_108_864;

const versions = { node: '26.10.0', modules: '0', quickjs: '2025-09-13' };

/** A copy that a program may write to: what it sets is seen by itself alone. Values become text, as under Node. */
const environment = (): Record<string, string> =>
  new Proxy({ ...setup.env } as Record<string, string>, {
    set: (target, name, value) => Reflect.set(target, name, typeof name === 'symbol' ? value : String(value)),
    defineProperty: (target, name, descriptor) =>
      Reflect.defineProperty(
        target,
        name,
        'value' in descriptor ? { ...descriptor, value: String(descriptor.value) } : descriptor,
      ),
  });

const made = new EventEmitter() as unknown as Named;
const signals = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 };
const members = {
  title: 'node',
  version: `v${versions.node}`,
  versions,
  arch: 'wasm32',
  platform: 'linux',
  pid: 1,
  ppid: 0,
  execArgv: [],
  execPath: '/usr/bin/node',
  release: { name: 'node' },
  config: { variables: {} },
  features: {},
  exiting: false,
  debugPort: 0,
  noDeprecation: false,
  throwDeprecation: false,
  env: environment(),
  argv: ['/usr/bin/node', inner.path.resolve(setup.program), ...setup.args],
  argv0: 'node',
  stdout: writable(0, 1),
  stderr: writable(1, 2),
  allowedNodeEnvironmentFlags: new Set<string>(),
  nextTick,
  hrtime,
  emitWarning,
  memoryUsage,
  cwd: (): string => setup.cwd,
  chdir: (folder: unknown): void => {
    if (typeof folder !== 'string') throw wrongArgument('directory', 'of type string', folder);
    const path = inner.path.resolve(folder);
    const { statSync } = inner.fs as { readonly statSync: (path: string) => { isDirectory(): boolean } };
    let reason = 'ENOTDIR: not a directory';
    try {
      if (statSync(path).isDirectory()) reason = '';
    } catch (error) {
      const { code } = error as { readonly code?: unknown };
      if (code === 'ENOENT') reason = 'ENOENT: no such file or directory';
      // Where nothing is granted, only the way up from where the program stands is open.
      else if (code !== 'ENOTDIR') reason = isAbove(path, setup.cwd) ? '' : 'EACCES: permission denied';
    }
    if (reason !== '') {
      const errno = reason.startsWith('ENOENT') ? -2 : reason.startsWith('EACCES') ? -13 : -20;
      throw Object.assign(
        nodeError(Error, reason.split(':', 1)[0] ?? '', `${reason}, chdir '${setup.cwd}' -> '${folder}'`),
        { errno, syscall: 'chdir', path: setup.cwd, dest: folder },
      );
    }
    setup.cwd = path;
  },
  uptime: (): number => host.monotonic() / 1000,
  umask: (): number => 0o022,
  cpuUsage: () => ({ user: Math.round(host.monotonic() * 1000), system: 0 }),
  resourceUsage: () => ({
    userCPUTime: Math.round(host.monotonic() * 1000),
    systemCPUTime: 0,
    maxRSS: 65_536,
    ...UNKNOWN_USE,
  }),
  availableMemory: () => 67_108_864,
  constrainedMemory: () => 67_108_864,
  getuid: () => 1000,
  geteuid: () => 1000,
  getgid: () => 1000,
  getegid: () => 1000,
  getgroups: () => [1000],
  exit: (code?: unknown): never => {
    if (code !== undefined && code !== null) exitCode = codeOf(code);
    tellExit();
    host.exit(exitCode ?? 0);
    throw new ExitSignal('The program ends');
  },
  reallyExit: (code: unknown): never => {
    host.exit(Number(code));
    throw new ExitSignal('The program ends');
  },
  abort: (): never => members.exit(134),
  kill: (pid: unknown, signal: unknown = 'SIGTERM'): true => {
    const number = typeof signal === 'number' ? signal : signals[signal as keyof typeof signals];
    if (typeof pid !== 'number') throw wrongArgument('pid', 'of type number', pid);
    if (number === undefined)
      throw nodeError(TypeError, 'ERR_UNKNOWN_SIGNAL', `Unknown signal: ${String(signal)}`);
    if (pid !== members.pid && pid !== 0)
      throw Object.assign(nodeError(Error, 'ESRCH', 'kill ESRCH'), { errno: -3, syscall: 'kill' });
    if (number !== 0) members.exit(128 + number);
    return true;
  },
  binding: (name: unknown): never => {
    throw new Error(`No such module: ${String(name)}`);
  },
  getBuiltinModule: (name: string): unknown => {
    try {
      return builtin(name.replace(/^node:/, ''));
    } catch {
      return undefined; // there is none
    }
  },
  setUncaughtExceptionCaptureCallback: (): void => undefined,
  hasUncaughtExceptionCaptureCallback: (): boolean => false,
  setSourceMapsEnabled: (): void => undefined,
  getActiveResourcesInfo: (): string[] => [],
  loadEnvFile: (path = '.env'): void => {
    const { readFileSync } = builtin('fs') as { readFileSync(path: string, encoding: string): string };
    const { parseEnv } = builtin('util') as { parseEnv(text: string): Record<string, string> };
    for (const [name, value] of Object.entries(parseEnv(readFileSync(path, 'utf8'))))
      members.env[name] ??= value;
  },
  ref: (): void => undefined,
  unref: (): void => undefined,
};
Object.assign(made, members);
Object.defineProperty(made, 'stdin', { configurable: true, enumerable: true, get: readStdin });
Object.defineProperty(made, 'exitCode', {
  configurable: true,
  enumerable: true,
  get: () => exitCode,
  set: (code: unknown) => {
    exitCode = code === undefined || code === null ? undefined : codeOf(code);
  },
});
hide(made, Symbol.toStringTag as unknown as string, 'process');

export const process = made as unknown as typeof members & { exitCode: number | undefined };

interface Emitting {
  listenerCount(name: string): number;
  emit(name: string, ...args: unknown[]): boolean;
}
inner.hooks.uncaught = (error, rejected) => {
  const emitter = process as unknown as Emitting;
  if (rejected && emitter.listenerCount('unhandledRejection') > 0) {
    // The promise itself is not told; one that is rejected alike stands for it.
    const promise = Promise.reject(error);
    promise.catch(() => undefined);
    return emitter.emit('unhandledRejection', error, promise);
  }
  const origin = rejected ? 'unhandledRejection' : 'uncaughtException';
  if (emitter.listenerCount('uncaughtExceptionMonitor') > 0)
    emitter.emit('uncaughtExceptionMonitor', error, origin);
  if (emitter.listenerCount('uncaughtException') === 0 || error instanceof ExitSignal) return false;
  return emitter.emit('uncaughtException', error, origin);
};

inner.hooks.beforeExit = () => !exiting && (process as unknown as Emitting).emit('beforeExit', exitCode ?? 0);

inner.hooks.end.push(() => {
  tellExit();
  if (exitCode) host.exit(exitCode);
});
inner.hooks.begin.push(() => {
  exitCode = undefined;
  exiting = false;
  stdin = undefined;
  process.env = environment();
  process.argv = ['/usr/bin/node', inner.path.resolve(setup.program), ...setup.args];
});
