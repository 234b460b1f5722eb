import type { ScriptSource } from '../../contracts/engine.ts';
import { fromTypescript } from './from-typescript.ts';
import { lowered } from './needs-lowering.ts';
import type { Program } from './program.ts';

export interface SourceInput {
  readonly source: ScriptSource;
  /** Has types, or JSX. */
  readonly typed: boolean;
  /** What the engine does not know is written in what it knows, too: elsewhere the cell does that. */
  readonly lower: boolean;
}

/** What reads texts, all of it: a job reads no file once it has its input. */
export const load = (): Promise<unknown> =>
  Promise.all([
    import('./strip-types.ts'),
    import('./lower.ts'),
    import('./namespaces.ts'),
    import('./legacy-decorators.ts'),
  ]);

/** Reads the text of a program where that can be ended at any time: it is long, or read by a parser whose work has no bound. */
export async function job(input: unknown): Promise<Program> {
  const { source, typed, lower } = input as SourceInput; // only read-source.ts sends this job
  const program = typed ? await fromTypescript(source) : fromJavascript(source);
  return lower ? { ...(await lowered(program)), lowered: true } : program;
}

export const fromJavascript = ({ code, filename, form, modules }: ScriptSource): Program => ({
  code,
  filename,
  form,
  modules,
  typescript: false,
});
