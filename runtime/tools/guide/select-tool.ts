import type { GuideApi, GuideOptions, Selection } from '../../contracts/api/guide.ts';
import { defined } from '../../vocabulary/defined.ts';
import type { JsonObject } from '../../vocabulary/json.ts';
import { shownText } from '../../vocabulary/nearest.ts';
import type { AskModel, Message } from './ask-model.ts';
import { type GuideTools, noTool, taskOf } from './guide-tools.ts';

/** Tools that a model is shown. */
const MOST_SHOWN = 20;

/** Chooses the tool for a task. @param ask Absent: words decide. */
export function toolSelector(tools: GuideTools, ask: AskModel | undefined): GuideApi['select'] {
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

  return async (given, options = {}) => {
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
        content:
          'Choose the tool for a task. Answer JSON only: {"tool": NAME, "confidence": 0..1, "reason": ' +
          'TEXT, "alternatives": [NAME]}. The ' +
          `tools:\n${found.map(({ name, description }) => `- ${name}: ${description.slice(0, 500)}`).join('\n')}`,
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
