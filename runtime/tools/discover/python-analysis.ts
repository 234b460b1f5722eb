import type { RunOptions } from '../../contracts/api/run.ts';
import { SandglassError } from '../../vocabulary/errors.ts';
import type { JsonSchema } from '../../vocabulary/manifest.ts';
import type { Outcome } from '../../vocabulary/outcome.ts';
import { ANALYSIS, DECORATED } from '../python/programs.ts';
import type { Need } from './needs.ts';

/** A function of a Python file that is decorated with `@tool`. */
export interface DecoratedTool {
  readonly function: string;
  readonly description: string;
  readonly input: JsonSchema;
  /** What the decorator was called with: fields of the manifest. */
  readonly fields: Readonly<Record<string, unknown>>;
}

/** What a Python file says of itself. */
export interface PythonFacts {
  /** Why it cannot be read. */
  readonly error?: string;
  readonly tools: readonly DecoratedTool[];
  readonly needs: readonly Need[];
}

export interface PythonFile {
  readonly path: string;
  readonly code: string;
}

/**
 * Reads Python files without running them: Python's own parser does, in a guest that is granted nothing.
 * @throws {SandglassError} whatever ends that guest.
 */
export async function analysePython(
  files: readonly PythonFile[],
  run: (options: RunOptions) => Promise<Outcome>,
): Promise<ReadonlyMap<string, PythonFacts>> {
  const outcome = await run({
    language: 'python',
    code: ANALYSIS,
    filename: 'analysis.py',
    inputs: { files: files.map(({ path, code }) => ({ path, code })) },
    grant: {},
    limits: { timeoutMs: 60_000 },
  });
  if (!outcome.ok) {
    const { code, message, hint } = outcome.error;
    throw new SandglassError(
      code,
      `Cannot read the Python files: ${message}`,
      hint === undefined ? {} : { hint },
    );
  }
  const facts = JSON.parse(String(outcome.value)) as Readonly<Record<string, PythonFacts>>; // as ANALYSIS makes them
  return new Map(Object.entries(facts));
}

/** The code of one decorated function as a tool: its file as it stands, and a run that calls it by names. */
export const decoratedCode = (
  { path, code }: PythonFile,
  { function: name }: DecoratedTool,
): string => `${DECORATED}
exec(compile(${JSON.stringify(code)}, ${JSON.stringify(path.slice(path.lastIndexOf('/') + 1))}, "exec"), globals())
def run(args):
    return ${name}(**args)
`;
