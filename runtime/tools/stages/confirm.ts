import type { ConfirmTool, ToolOutcome } from '../../contracts/api/tool-call.ts';
import { permits } from '../../vocabulary/caller.ts';
import { SandglassError } from '../../vocabulary/errors.ts';
import type { Stage } from '../pipeline.ts';
import { type ToolCall, toolOf, viewOf } from '../tool-call.ts';

/** Asks before a dangerous tool runs, once a call. A caller with the permission `dangerous` was asked when it got it. */
export const confirmStage = (ask: ConfirmTool | undefined): Stage<ToolOutcome> => ({
  name: 'confirm',
  when: 'before',
  handle: (call, next) => {
    const tool = toolOf(call);
    const isTold = call.caller !== undefined && permits(call.caller, 'dangerous');
    return isTold || !(tool.manifest.dangerous || call.held?.confirm === true)
      ? next()
      : asked(call, call.options.confirm ?? ask ?? false).then(next);
  },
});

/** @throws {SandglassError} CONFIRMATION_REQUIRED */
async function asked(call: ToolCall, answer: ConfirmTool | boolean): Promise<void> {
  const confirmed = typeof answer === 'function' ? (await answer(viewOf(call))) === true : answer;
  if (confirmed) return;
  const wasAsked = answer !== false;
  const { dangerous, name } = toolOf(call).manifest;
  throw new SandglassError(
    'CONFIRMATION_REQUIRED',
    `Cannot call ${call.shownName}: ${dangerous ? 'it is dangerous' : 'the policy wants it confirmed'}, and ` +
      `${wasAsked ? 'was not confirmed' : 'nobody has confirmed it'}`,
    {
      details: { tool: name, args: call.args, ...(wasAsked ? { asked: true } : {}) },
      hint: wasAsked ? 'Do without it; do not retry' : 'Ask the person and pass confirm, or do without it',
    },
  );
}
