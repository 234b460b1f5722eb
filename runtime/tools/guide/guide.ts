import type { GuideApi, GuidedOutcome, GuideRunOptions, Recommendation } from '../../contracts/api/guide.ts';
import type { ToolsApi } from '../../contracts/api/tools.ts';
import { defined } from '../../vocabulary/defined.ts';
import { wholeNumber } from '../../vocabulary/read-options.ts';
import type { AskModel, Message } from './ask-model.ts';
import { argumentFiller } from './fill-arguments.ts';
import { type GuideTools, taskOf } from './guide-tools.ts';
import { toolSelector } from './select-tool.ts';

/** @param ask Absent: words decide, and no arguments are filled in. */
export function createGuide(tools: GuideTools, ask: AskModel | undefined): GuideApi {
  const select = toolSelector(tools, ask);
  const fill = argumentFiller(tools, ask);
  return {
    select,
    params: async (task, tool, { signal } = {}) => fill(taskOf(task), tool, [], signal),
    async run(given, options: GuideRunOptions = {}): Promise<GuidedOutcome> {
      const { caller, signal, call = {} } = options;
      const most = wholeNumber(options.maxAttempts, 'guide: maxAttempts', { minimum: 1, maximum: 10 }) ?? 3;
      const task = taskOf(given);
      const selection = await select(task, options);
      const told: Message[] = [];
      for (let attempts = 1; ; attempts++) {
        const args = await fill(task, selection.tool, told, signal);
        const outcome = await tools.call(selection.tool, args, { ...call, ...defined({ caller, signal }) });
        // What policy refuses, and what no one can change by other arguments, is not tried again.
        const isOver =
          outcome.ok || ask === undefined || attempts >= most || !CHANGEABLE.has(outcome.error.code);
        if (isOver) return { selection, args, attempts, outcome };
        told.push(
          { role: 'assistant', content: JSON.stringify(args) },
          {
            role: 'user',
            content: `The call failed: ${outcome.text.slice(0, 4_000)}\nAnswer arguments that work.`,
          },
        );
      }
    },
    recommend(task, count, options = {}): readonly Recommendation[] {
      const most = wholeNumber(count, 'guide: count', { minimum: 1, maximum: 100 }) ?? 5;
      const found = tools.search(taskOf(task), { limit: 100, ...defined({ caller: options.caller }) });
      const best = found[0]?.score ?? 1;
      return found
        .map(({ name, description, score }) => ({
          tool: name,
          description,
          score: (score / best) * successOf(tools, name),
        }))
        .sort((one, other) => other.score - one.score)
        .slice(0, most);
    },
  };
}

/** Failures that other arguments may not meet. */
const CHANGEABLE: ReadonlySet<string> = new Set([
  'INPUT_INVALID',
  'GUEST_THREW',
  'OUTPUT_INVALID',
  'HOST_CALL_FAILED',
  'DEADLINE_EXCEEDED',
]);

/** Share of its calls that succeeded; one that was never called counts as two calls of which one did. */
function successOf(tools: Pick<ToolsApi, 'info'>, name: string): number {
  const { count = 0, failures = 0 } = tools.info(name)?.uses ?? {};
  return (count - failures + 1) / (count + 2);
}
