import { SandglassError } from '../../vocabulary/errors.ts';
import type { JsonObject } from '../../vocabulary/json.ts';
import { faultText } from '../check/faults.ts';
import type { AskModel, Message } from './ask-model.ts';
import { type GuideTools, noTool } from './guide-tools.ts';

/** Fills in the arguments of a tool for a task; `before` is what came of earlier ones. */
export type FillArguments = (
  task: string,
  tool: string,
  before: readonly Message[],
  signal: AbortSignal | undefined,
) => Promise<JsonObject>;

/** @param ask Absent: nothing can be filled in, and only tools that need no arguments can be called. */
export function argumentFiller(tools: GuideTools, ask: AskModel | undefined): FillArguments {
  return async (
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
        content:
          `Fill in the arguments of the tool ${tool} for a task. Answer the arguments only, as JSON ` +
          `that fits this schema: ${JSON.stringify(info.input)}`,
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
}
