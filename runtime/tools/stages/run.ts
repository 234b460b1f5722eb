import type { ToolOutcome } from '../../contracts/api/tool-call.ts';
import type { PolicySource } from '../../vocabulary/policy.ts';
import type { Stage } from '../pipeline.ts';
import { type ArtifactStore, ownerOf } from '../result/artifacts.ts';
import { answerOf, guestRunOf } from '../run-guest.ts';
import { runTrusted } from '../run-trusted.ts';
import { type ToolCall, toolOf } from '../tool-call.ts';
import { toToolOutcome } from '../tool-outcome.ts';
import type { ToolsContext } from '../tools-context.ts';

export interface RunStageOptions {
  readonly context: ToolsContext;
  /** The calls whose guests run, by the id of the run: what they call is nested in them. */
  readonly frames: Map<string, ToolCall>;
  readonly artifacts: ArtifactStore;
  readonly nested: (
    outer: ToolCall,
    name: string,
    args: unknown,
    signal: AbortSignal,
  ) => Promise<ToolOutcome>;
}

/** Runs the tool: a fresh guest, or the host's own function. */
export const runStage = ({ context, frames, artifacts, nested }: RunStageOptions): Stage<ToolOutcome> => ({
  name: 'run',
  when: 'before',
  handle: async (call, _next, { settle }) => {
    const { body } = toolOf(call);
    call.ranAt ??= context.monotonic();
    if (body.kind === 'trusted' || body.kind === 'own') {
      const outer = call.parent === undefined ? undefined : context.outer(call.parent);
      const outcome = await runTrusted(
        call,
        body.kind === 'trusted' ? body.run : (args) => body.run(args, { owner: ownerOf(call), artifacts }),
        {
          monotonic: context.monotonic,
          sleep: context.sleep,
          leftMs: outer?.budget?.left().timeoutMs ?? Number.POSITIVE_INFINITY,
          call: (name, args, signal) => nested(call, name, args, signal),
        },
      );
      return settle(toToolOutcome(outcome, call));
    }
    frames.set(call.runId, call);
    try {
      return settle(
        toToolOutcome(
          answerOf(await context.run(guestRunOf(call, body), ceilingOf(call, context.policy))),
          call,
        ),
      );
    } finally {
      frames.delete(call.runId);
    }
  },
});

/** The policy for tools of this category, whatever it is by then. */
const ceilingOf = (call: ToolCall, policy: PolicySource) => {
  const { category } = toolOf(call).manifest;
  return () => policy.current.forCategory(category);
};
