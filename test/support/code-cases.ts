import type { RunOptions } from '../../runtime/index.ts';
import type { ErrorCode } from '../../runtime/vocabulary/errors.ts';
import { loadGuest } from '../../scripts/build-guests.ts';

/** One way to end with a code: as options of a run, as a command line, and as a request, which answers 200 once a guest has started. */
export interface Case {
  readonly run: () => RunOptions | Promise<RunOptions>;
  readonly cli?: readonly string[];
  readonly http?: { readonly body: object; readonly status: number };
}

const MIB = 1024 * 1024;
const js = (code: string, limits: RunOptions['limits'] = {}, ...flags: readonly string[]): Case => ({
  run: () => ({ language: 'javascript', code, limits }),
  cli: ['eval', code, ...flags],
  http: { body: { language: 'javascript', code, limits }, status: 200 },
});

export const CASES: Partial<Readonly<Record<ErrorCode, Case>>> = {
  INPUT_INVALID: {
    run: async () => ({ module: await loadGuest('preview1/numbers.wat'), invoke: 'nope' }),
    cli: ['run', 'numbers.wasm', '--invoke=nope'],
    http: { body: { language: 'javascript' }, status: 400 },
  },
  MODULE_INVALID: {
    run: () => ({ module: new TextEncoder().encode('no wasm') }),
    cli: ['run', 'garbage.wasm'],
  },
  UNSUPPORTED: {
    run: () => ({ language: 'rust', code: 'fn main() {}' }),
    cli: ['run', 'numbers.wasm', '--invoke=fib', '--args=[1]', '--isolation=minimal', '--cpu-share=0.5'],
    http: { body: { language: 'rust', code: 'fn main() {}' }, status: 400 },
  },
  CAPABILITY_DENIED: js("(await import('node:fs')).promises.readFile('/etc/passwd')"),
  FUEL_EXHAUSTED: js('for (;;);', { fuel: 10_000_000 }, '--fuel=10M'),
  DEADLINE_EXCEEDED: js('for (;;);', { timeoutMs: 100 }, '--timeout=100ms'),
  MEMORY_EXCEEDED: js(
    'const all = []; for (;;) all.push(new Uint8Array(1 << 20).fill(1));',
    { memoryBytes: 16 * MIB },
    '--memory=16MiB',
  ),
  STACK_EXCEEDED: js('(function f() { f(); f() })()'),
  OUTPUT_EXCEEDED: js("for (;;) console.log('x'.repeat(1000))"),
  HOST_CALLS_EXCEEDED: js(
    "const { promises } = await import('node:fs'); for (;;) await promises.stat('/tmp')",
  ),
  GUEST_THREW: js("throw new TypeError('no')"),
  GUEST_TRAPPED: {
    run: async () => ({ module: await loadGuest('preview1/trap.wat') }),
    cli: ['run', 'trap.wasm'],
  },
  HOST_CALL_FAILED: js("(await import('node:fs')).promises.readFile('/tmp/nope')"),
};
