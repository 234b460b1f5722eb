import { inner } from '../inner.ts';

const errno = {
  E2BIG: 7,
  EACCES: 13,
  EAGAIN: 11,
  EBADF: 9,
  EBUSY: 16,
  ECONNREFUSED: 111,
  ECONNRESET: 104,
  EEXIST: 17,
  EINVAL: 22,
  EIO: 5,
  EISDIR: 21,
  EMFILE: 24,
  ENOENT: 2,
  ENOMEM: 12,
  ENOSPC: 28,
  ENOTDIR: 20,
  ENOTEMPTY: 39,
  EPERM: 1,
  EPIPE: 32,
  ETIMEDOUT: 110,
};
const signals = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGABRT: 6,
  SIGKILL: 9,
  SIGUSR1: 10,
  SIGSEGV: 11,
  SIGUSR2: 12,
  SIGPIPE: 13,
  SIGALRM: 14,
  SIGTERM: 15,
};
const priority = {
  PRIORITY_LOW: 19,
  PRIORITY_BELOW_NORMAL: 10,
  PRIORITY_NORMAL: 0,
  PRIORITY_ABOVE_NORMAL: -7,
  PRIORITY_HIGH: -14,
  PRIORITY_HIGHEST: -20,
};
const home = (): string => inner.setup.env.HOME ?? '/tmp';

/** The same answers everywhere: a guest learns nothing of the machine. */
export const os = {
  EOL: '\n',
  devNull: '/dev/null',
  arch: () => 'wasm32',
  availableParallelism: () => 1,
  constants: { UV_UDP_REUSEADDR: 4, dlopen: {}, errno, signals, priority },
  cpus: () => [{ model: 'wasm', speed: 0, times: { user: 0, nice: 0, sys: 0, idle: 0, irq: 0 } }],
  endianness: () => 'LE',
  freemem: () => 67_108_864,
  getPriority: () => 0,
  homedir: home,
  hostname: () => 'localhost',
  loadavg: () => [0, 0, 0],
  machine: () => 'wasm32',
  networkInterfaces: () => ({}),
  platform: () => 'linux',
  release: () => '0.0.0',
  setPriority: (): void => undefined,
  tmpdir: () => inner.setup.env.TMPDIR ?? '/tmp',
  totalmem: () => 67_108_864,
  type: () => 'Linux',
  uptime: () => inner.host.monotonic() / 1000,
  userInfo: () => ({
    uid: 1000,
    gid: 1000,
    username: inner.setup.env.USER ?? 'user',
    homedir: home(),
    shell: null,
  }),
  version: () => 'sandglass',
};

/** What `node:constants` has: the numbers of `os` and `fs` in one. */
export const constants = {
  ...errno,
  ...signals,
  ...priority,
  F_OK: 0,
  R_OK: 4,
  W_OK: 2,
  X_OK: 1,
  O_RDONLY: 0,
  O_WRONLY: 1,
  O_RDWR: 2,
  O_CREAT: 64,
  O_EXCL: 128,
  O_TRUNC: 512,
  O_APPEND: 1024,
  S_IFMT: 61_440,
  S_IFREG: 32_768,
  S_IFDIR: 16_384,
  S_IFLNK: 40_960,
  COPYFILE_EXCL: 1,
};

class NoTerminal {
  constructor() {
    throw new Error('Cannot open a terminal: a guest has none');
  }
}
export const tty = { isatty: () => false, ReadStream: NoTerminal, WriteStream: NoTerminal };
