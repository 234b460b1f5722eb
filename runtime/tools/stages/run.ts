import type { ToolOutcome } from '../../contracts/api/tool-call.ts';
import type { TrustedTool } from '../../contracts/api/tool-handler.ts';
import type { PolicySource } from '../../vocabulary/policy.ts';
import { type OfTool, tell } from '../../vocabulary/telling.ts';
import type { Stage } from '../pipeline.ts';
import type { RemoteTool } from '../remote/remote-tool.ts';
import { type ArtifactStore, ownerOf } from '../result/artifacts.ts';
import { answerOf, guestRunOf } from '../run-guest.ts';
import { runEither, runRemote } from '../run-remote.ts';
import { runTrusted, type TrustedOptions } from '../run-trusted.ts';
import type { Body } from '../tool.ts';
import { type ToolCall, toolOf } from '../tool-call.ts';
import { toToolOutcome } from '../tool-outcome.ts';
import type { ToolsContext } from '../tools-context.ts';
import { identityOf } from './account.ts';

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
  /** What a server has of a tool of this name. */
  readonly twin: (name: string) => RemoteTool | undefined;
}

/** Runs the tool: a fresh guest, the host's own function, or what a server has of it. */
export const runStage = ({
  context,
  frames,
  artifacts,
  nested,
  twin,
}: RunStageOptions): Stage<ToolOutcome> => {
  const trustedOptions = (call: ToolCall): TrustedOptions => {
    const outer = call.parent === undefined ? undefined : context.outer(call.parent);
    return {
      monotonic: context.monotonic,
      sleep: context.sleep,
      leftMs: outer?.budget?.left().timeoutMs ?? Number.POSITIVE_INFINITY,
      tell: (operation, args) => {
        const { events, now } = context;
        tell({ events, now, identity: identityOf(call), ofTool: ofToolOf(call) }, operation, args);
      },
      call: (name, args, signal) => nested(call, name, args, signal),
    };
  };
  const there = (call: ToolCall, remote: RemoteTool): Promise<ToolOutcome> =>
    runRemote(call, remote, { ...context, trusted: trustedOptions(call) });
  const here = async (
    call: ToolCall,
    body: Exclude<Body, { readonly kind: 'remote' }>,
  ): Promise<ToolOutcome> => {
    if (body.kind === 'trusted' || body.kind === 'own') {
      const run: TrustedTool =
        body.kind === 'trusted' ? body.run : (args) => body.run(args, { owner: ownerOf(call), artifacts });
      return toToolOutcome(await runTrusted(call, run, trustedOptions(call)), call);
    }
    frames.set(call.runId, call);
    try {
      const outcome = await context.run(guestRunOf(call, body), {
        ceiling: ceilingOf(call, context.policy),
        ofTool: ofToolOf(call),
      });
      return toToolOutcome(answerOf(outcome), call);
    } finally {
      frames.delete(call.runId);
    }
  };
  return {
    name: 'run',
    when: 'before',
    handle: async (call, _next, { settle }) => {
      const { body, manifest } = toolOf(call);
      call.ranAt ??= context.monotonic();
      if (body.kind === 'remote') return settle(await there(call, body.remote));
      const other = twin(manifest.name);
      if (other === undefined) return settle(await here(call, body));
      const places = { here: () => here(call, body), there: () => there(call, other) };
      return settle(await runEither(call, other, places));
    },
  };
};

const ofToolOf = (call: ToolCall): OfTool => ({
  tool: toolOf(call).manifest.name,
  callId: call.id,
  sessionId: call.options.sessionId,
});

/** The policy for tools of this category, whatever it is by then. */
const ceilingOf = (call: ToolCall, policy: PolicySource) => {
  const { category } = toolOf(call).manifest;
  return () => policy.current.forCategory(category);
};
