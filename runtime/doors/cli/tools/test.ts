import { isDeepStrictEqual } from 'node:util';
import type { ToolOutcome } from '../../../contracts/api/tool-call.ts';
import type { ToolInfo } from '../../../contracts/api/tool-registry.ts';
import type { ToolsApi } from '../../../contracts/api/tools.ts';
import { defined } from '../../../vocabulary/defined.ts';
import type { Grant } from '../../../vocabulary/grant.ts';
import { toJsonForm } from '../../../vocabulary/json-form.ts';
import type { ToolExample } from '../../../vocabulary/manifest.ts';
import type { CommandContext } from '../command.ts';
import type { ParsedArguments } from '../flags.ts';
import { readGrant, readPowers } from '../grant-flags.ts';
import { interruptOf } from '../interrupt.ts';
import { readPackageSources } from '../package-flags.ts';
import { readPolicyUse } from '../policy-flag.ts';
import { showProgress } from '../progress.ts';
import { usageLine } from '../report.ts';
import { readLimitFlags } from '../run-flags.ts';
import { printable, styleFor } from '../style.ts';
import { CELLS_WITH_TOOLS, readTools, warnOfSkipped } from '../tool-flags.ts';
import { UsageError } from '../usage-error.ts';
import { loadPath } from './target.ts';

interface Tested {
  readonly tool: string;
  /** Which of its examples, from 1. */
  readonly example: number;
  readonly ok: boolean;
  /** What is wrong. */
  readonly reason?: string;
  readonly hint?: string;
  /** What it touched, in a form for people. */
  readonly reached: readonly string[];
  readonly usage: ToolOutcome['usage'];
}

/** Calls the tools with the examples of their manifests; answers 1 when one does not hold. @throws {UsageError | SandglassError} */
export async function test(context: CommandContext, parsed: ParsedArguments): Promise<number> {
  const { terminal } = context;
  const { stdout, stderr, cwd } = terminal;
  const style = styleFor(stderr, terminal);
  const paths = parsed.positionals.length === 0 ? ['.'] : parsed.positionals;
  const { policyFile, callGrant: grant } = await readPolicyUse(parsed, await readGrant(parsed, cwd), cwd);
  const options = { ...readLimitFlags(parsed), ...defined({ grant }) };
  const tools = await readTools(parsed, cwd);
  const packages = await readPackageSources(parsed, terminal, false);
  using interrupt = interruptOf(terminal);
  await using runtime = await context.createRuntime({
    cells: CELLS_WITH_TOOLS,
    ...readPowers(parsed, terminal),
    tools: { builtin: true, ...tools },
    ...defined({ packages, policyFile }),
  });
  const found: ToolInfo[] = [];
  for (const path of paths) {
    const report = await loadPath(path, runtime.tools, cwd);
    found.push(...report.registered);
    if (!parsed.has('json')) warnOfSkipped(report, stderr, style);
  }
  if (found.length === 0) throw new UsageError(`Cannot test ${paths.join(', ')}: there is no tool`);
  const results: Tested[] = [];
  for (const tool of found) {
    if (tool.examples.length === 0 && !parsed.has('json'))
      stdout.write(`none  ${tool.name}  its manifest has no examples\n`);
    for (const [index, example] of tool.examples.entries()) {
      if (interrupt.signal.aborted) break;
      const progress = showProgress(stderr, style, `Testing ${tool.name}`);
      const tested = await tryExample(tool.name, index + 1, example, runtime.tools, {
        ...options,
        signal: interrupt.signal,
      }).finally(() => progress.stop());
      results.push(tested);
      if (!parsed.has('json')) stdout.write(linesOf(tested));
    }
  }
  const failed = results.filter(({ ok }) => !ok).length;
  stdout.write(
    parsed.has('json')
      ? `${JSON.stringify({ passed: results.length - failed, failed, examples: results })}\n`
      : `${results.length - failed} passed, ${failed} failed\n`,
  );
  return interrupt.exitCode() ?? (failed === 0 ? 0 : 1);
}

async function tryExample(
  tool: string,
  example: number,
  { input, output }: ToolExample,
  tools: ToolsApi,
  options: { readonly grant?: Grant; readonly signal: AbortSignal },
): Promise<Tested> {
  // Whoever tests a dangerous tool has decided to.
  const outcome = await tools.call(tool, input, { ...options, confirm: true, observe: true, retries: 0 });
  const base = { tool, example, reached: reachedBy(outcome), usage: outcome.usage };
  if (!outcome.ok) {
    const { code, message, hint } = outcome.error;
    return { ...base, ok: false, reason: `${code} ${message}`, ...defined({ hint }) };
  }
  const value = outcome.value === undefined ? null : toJsonForm(outcome.value);
  if (output === undefined || isDeepStrictEqual(value, output)) return { ...base, ok: true };
  return { ...base, ok: false, reason: `expected ${JSON.stringify(output)}, got ${JSON.stringify(value)}` };
}

/** The parts of the smallest grant, a line each. */
function reachedBy({ meta }: ToolOutcome): readonly string[] {
  const { fs = [], http = [], ws = [], tools = [], env = {}, custom = {} } = meta.observed?.grant ?? {};
  return [
    ...fs.map(
      ({ host, guest, access = ['read'] }) =>
        `${access.map((name) => `fs.${name}`).join(', ')} ${guest ?? host}`,
    ),
    ...http.map(
      ({ origin, methods = [], paths = [] }) =>
        `http ${methods.join(', ')} ${origin}${paths.length === 0 ? '' : ` ${paths.join(', ')}`}`,
    ),
    ...ws.map(({ origin }) => `ws ${origin}`),
    ...tools.map((name) => `tools.call ${name}`),
    ...Object.keys(env).map((name) => `env ${name}`),
    ...Object.keys(custom),
  ];
}

const linesOf = ({ tool, example, ok, reason, hint, reached, usage }: Tested): string =>
  `${[
    `${ok ? 'ok  ' : 'fail'}  ${tool}  example ${example}  ${usageLine(usage)}`,
    ...(reason === undefined ? [] : [`      ${printable(reason)}`]),
    ...(hint === undefined ? [] : [`      hint: ${printable(hint)}`]),
    `      reached ${reached.length === 0 ? 'nothing' : printable(reached.join('; '))}`,
  ].join('\n')}\n`;
