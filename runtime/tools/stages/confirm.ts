import type { ConfirmTool, ToolOutcome } from '../../contracts/api/tool-call.ts';
import { permits } from '../../vocabulary/caller.ts';
import { SandglassError } from '../../vocabulary/errors.ts';
import type { Stage } from '../pipeline.ts';
import { toolOf, viewOf } from '../tool-call.ts';

/** Asks before a dangerous tool runs, once a call. A caller with the permission `dangerous` was asked when it got it. */
export const confirmStage = (ask: ConfirmTool | undefined): Stage<ToolOutcome> => ({
  name: 'confirm',
  when: 'before',
  handle: async (call, next) => {
    const tool = toolOf(call);
    const isTold = call.caller !== undefined && permits(call.caller, 'dangerous');
    if (isTold || !(tool.manifest.dangerous || call.held?.confirm === true)) return next();
    const answer = call.options.confirm ?? ask ?? false;
    const confirmed = typeof answer === 'function' ? (await answer(viewOf(call))) === true : answer;
    if (confirmed) return next();
    const asked = answer !== false;
    throw new SandglassError(
      'CONFIRMATION_REQUIRED',
      `Cannot call ${call.shownName}: ` +
        `${tool.manifest.dangerous ? 'it is dangerous' : 'the policy wants it confirmed'}, and ` +
        `${asked ? 'was not confirmed' : 'nobody has confirmed it'}`,
      {
        details: { tool: tool.manifest.name, args: call.args, ...(asked ? { asked } : {}) },
        hint: asked ? 'Do without it; do not retry' : 'Ask the person and pass confirm, or do without it',
      },
    );
  },
});
