import type {
  GuideApi,
  GuidedOutcome,
  GuideOptions,
  GuideRunOptions,
  Recommendation,
  Selection,
} from '../../contracts/api/guide.ts';
import type { ToolsApi } from '../../contracts/api/tools.ts';
import type { JsonObject } from '../../vocabulary/codec.ts';
import { defined } from '../../vocabulary/defined.ts';
import { SandglassError } from '../../vocabulary/errors.ts';
import { shownText } from '../../vocabulary/nearest.ts';
import { wholeNumber } from '../../vocabulary/read-options.ts';
import { faultText } from '../check/faults.ts';
import type { AskModel, Message } from './ask-model.ts';

/** Tools that a model is shown, and characters of a task. */
const MOST_SHOWN = 20;
const MOST_CHARACTERS = 20_000;

type GuideTools = Pick<ToolsApi, 'search' | 'list' | 'info' | 'validate' | 'call' | 'ready'>;

/** @param ask Absent: words decide, and no arguments are filled in. */
export function createGuide(tools: GuideTools, ask: AskModel | undefined): GuideApi {
  const candidates = (task: string, { caller }: GuideOptions, count: number) => {
    const who = defined({ caller });
    const found = tools.search(task, { limit: count, ...who });
    if (ask === undefined || found.length >= count) return found;
    // A model understands what words do not show: it sees others, too.
    const names = new Set(found.map(({ name }) => name));
    const others = tools.list(who).filter(({ name }) => !names.has(name));
    return [
      ...found,
      ...others
        .slice(0, count - found.length)
        .map(({ name, description }) => ({ name, description, score: 0 })),
    ];
  };

  const select: GuideApi['select'] = async (given, options = {}) => {
    const task = taskOf(given);
    await tools.ready();
    const found = candidates(task, options, MOST_SHOWN);
    const [best, second] = found;
    if (best === undefined) throw noTool(task);
    const names = found.map(({ name }) => name);
    if (ask === undefined)
      return {
        tool: best.name,
        confidence: best.score / (best.score + (second?.score ?? 0)),
        reason: 'Its words are the nearest to those of the task',
        alternatives: names.slice(1, 4),
      };
    const messages: Message[] = [
      {
        role: 'system',
        content: `Choose the tool for a task. Answer JSON only: {"tool": NAME, "confidence": 0..1, "reason": TEXT, "alternatives": [NAME]}. The tools:\n${found.map(({ name, description }) => `- ${name}: ${description.slice(0, 500)}`).join('\n')}`,
      },
      { role: 'user', content: task },
    ];
    for (let attempt = 0; attempt < 2; attempt++) {
      const answer = await ask(messages, options.signal);
      const chosen = selectionOf(answer, names);
      if (chosen !== undefined) return chosen;
      messages.push(
        { role: 'assistant', content: JSON.stringify(answer) },
        {
          role: 'user',
          content: `There is no tool ${shownText(String(answer.tool))}. Choose one of ${names.join(', ')}.`,
        },
      );
    }
    throw noTool(task);
  };

  const fill = async (
    task: string,
    tool: string,
    before: readonly Message[],
    signal: AbortSignal | undefined,
  ): Promise<JsonObject> => {
    const info = tools.info(tool);
    if (info === undefined) throw noTool(task);
    const empty = tools.validate(tool, {});
    if (ask === undefined) {
      if (empty.valid) return {};
      throw new SandglassError('UNSUPPORTED', `Cannot fill in the arguments of ${tool}: there is no model`, {
        details: { errors: empty.errors },
        hint: 'Give createRuntime the option model, or call the tool with arguments of your own',
      });
    }
    const messages: Message[] = [
      {
        role: 'system',
        content: `Fill in the arguments of the tool ${tool} for a task. Answer the arguments only, as JSON that fits this schema: ${JSON.stringify(info.input)}`,
      },
      { role: 'user', content: task },
      ...before,
    ];
    for (let attempt = 0; ; attempt++) {
      const args = await ask(messages, signal);
      const checked = tools.validate(tool, args);
      if (checked.valid) return checked.args ?? {};
      const text = faultText(checked.errors);
      if (attempt > 0)
        throw new SandglassError('INPUT_INVALID', `Cannot fill in the arguments of ${tool}: ${text}`, {
          details: { errors: checked.errors },
        });
      messages.push(
        { role: 'assistant', content: JSON.stringify(args) },
        { role: 'user', content: `These do not fit: ${text}` },
      );
    }
  };

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

function selectionOf(answer: JsonObject, names: readonly string[]): Selection | undefined {
  const { tool, confidence, reason, alternatives } = answer;
  if (typeof tool !== 'string' || !names.includes(tool)) return undefined;
  const others = Array.isArray(alternatives) ? (alternatives as readonly unknown[]) : [];
  return {
    tool,
    confidence: typeof confidence === 'number' ? Math.min(1, Math.max(0, confidence)) : 0.5,
    reason: typeof reason === 'string' ? reason.slice(0, 1_000) : '',
    alternatives: others
      .filter((name): name is string => typeof name === 'string' && names.includes(name) && name !== tool)
      .slice(0, 5),
  };
}

function taskOf(task: unknown): string {
  if (typeof task === 'string' && task.trim() !== '' && task.length <= MOST_CHARACTERS) return task;
  throw new TypeError(`Cannot guide: the task is not a text of 1 to ${MOST_CHARACTERS} characters`);
}

const noTool = (task: string): SandglassError =>
  new SandglassError('TOOL_NOT_FOUND', `Cannot find a tool for ${shownText(task)}`, {
    hint: 'Say it in other words, or look at tools.list',
  });
