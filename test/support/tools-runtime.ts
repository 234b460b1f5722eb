import type { Runtime, RuntimeOptions } from '../../runtime/contracts/api/runtime.ts';
import type { ToolOutcome } from '../../runtime/contracts/api/tool-call.ts';
import { createRuntime, toJsonForm } from '../../runtime/index.ts';

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

/** What a test asks of a call: its value is in the form of JSON. */
export const toldBy = (outcome: ToolOutcome) => ({
  code: codeOf(outcome),
  value: (outcome.ok && outcome.value !== undefined ? toJsonForm(outcome.value) : undefined) as never,
  message: outcome.ok ? '' : outcome.error.message,
  hint: outcome.ok ? undefined : outcome.error.hint,
  text: outcome.text,
  fuel: outcome.usage.fuel,
});

/** The code of what a function throws. */
export function thrownCode(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    return (error as { readonly code?: string }).code ?? (error as Error).constructor.name;
  }
  return 'nothing';
}
