import type { Runtime, RuntimeOptions } from '../../runtime/contracts/api/runtime.ts';
import { createRuntime } from '../../runtime/index.ts';

/** A runtime whose guests live in this thread, and the number of them that began. */
export function toolsRuntime(options: RuntimeOptions = {}): { readonly runtime: Runtime; guests(): number } {
  const runtime = createRuntime({ level: 'minimal', cache: false, ...options });
  let started = 0;
  runtime.on('run.started', () => {
    started += 1;
  });
  return { runtime, guests: () => started };
}

/** A guest that answers its arguments. */
export const ECHO = { language: 'js', code: 'export const run = (args) => args' } as const;

/** The code of an outcome; `ok` for one that succeeded. */
export const codeOf = (outcome: {
  readonly ok: boolean;
  readonly error?: { readonly code: string };
}): string => (outcome.ok ? 'ok' : (outcome.error?.code ?? ''));

/** The code of what a function throws. */
export function thrownCode(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    return (error as { readonly code?: string }).code ?? (error as Error).constructor.name;
  }
  return 'nothing';
}
