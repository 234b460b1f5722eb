import type { ToolOutcome } from '../../contracts/api/tool-call.ts';
import type { Stage } from '../pipeline.ts';
import type { Places } from '../places.ts';
import { toolOf } from '../tool-call.ts';

/** Waits for a place. A nested call has that of the call it is nested in: two of them waiting for each other would wait for ever. */
export const waitStage = (places: Places, monotonic: () => number): Stage<ToolOutcome> => ({
  name: 'wait',
  when: 'before',
  handle: async (call, next) => {
    if (call.depth > 0) return next();
    const asked = monotonic();
    const giveBack = await places.take({
      tool: toolOf(call).manifest.name,
      caller: call.caller?.id ?? '',
      priority: call.options.priority ?? 'normal',
      signal: call.signal,
    });
    call.queuedMs = monotonic() - asked;
    try {
      return await next();
    } finally {
      giveBack();
    }
  },
});
