import type { ToolOutcome } from '../../contracts/api/tool-call.ts';
import type { Next, Settled, Stage } from '../pipeline.ts';
import type { Places } from '../places.ts';
import { type ToolCall, toolOf } from '../tool-call.ts';

/** Waits for a place. A nested call has that of the call it is nested in: two of them waiting for each other would wait for ever. */
export const waitStage = (places: Places, monotonic: () => number): Stage<ToolOutcome> => ({
  name: 'wait',
  when: 'before',
  handle: (call, next) => (call.depth > 0 ? next() : placed(call, next, places, monotonic)),
});

async function placed(
  call: ToolCall,
  next: Next<ToolOutcome>,
  places: Places,
  monotonic: () => number,
): Promise<Settled<ToolOutcome>> {
  const place = places.take({
    tool: toolOf(call).manifest.name,
    caller: call.caller?.id ?? '',
    priority: call.options.priority ?? 'normal',
    signal: call.signal,
  });
  let giveBack: () => void;
  if (place instanceof Promise) {
    const asked = monotonic();
    giveBack = await place;
    call.queuedMs = monotonic() - asked;
  } else giveBack = place;
  try {
    return await next();
  } finally {
    giveBack();
  }
}
