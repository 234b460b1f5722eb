import type { Gate } from '../contracts/gate.ts';
import { openGate } from '../gate/open-gate.ts';
import { defined } from '../vocabulary/defined.ts';
import { LEVEL_POLICIES } from '../vocabulary/levels.ts';
import type { RunPlan } from './plan-run.ts';
import { createRevocations } from './revocations.ts';
import type { SandboxContext, SandboxRun } from './sandbox-context.ts';
import { firstHandleOf } from './session/session-run.ts';
import type { RunTeller } from './tell.ts';

/** The gate of a run: its grant, its budget, and what its level allows. */
export function openRunGate(
  { identity, level, ceiling, ofTool, request, nest }: SandboxRun,
  { budget, grant, turn }: RunPlan,
  { hostFunctions, events, monotonic, secret, now, openTurns }: SandboxContext,
  tell: RunTeller,
  onOverspent: () => void,
): Promise<Gate> {
  const { noNetwork, readOnlyFiles, noHostFiles } = LEVEL_POLICIES[level];
  return openGate({
    identity,
    budget,
    events,
    parts: grant.parts,
    env: grant.env,
    revoked: createRevocations(grant.parts, ceiling, hostFunctions),
    hostFunctions,
    noNetwork,
    level,
    ofTool,
    deterministic: request.deterministic !== undefined,
    context: {
      readOnlyFiles,
      noHostFiles,
      secret: (name) => secret(name, identity),
      now,
      inTurn: openTurns(),
      ...defined({ session: nest.session, conversation: nest.conversation }),
      ...(turn === undefined ? {} : { firstHandle: firstHandleOf(turn.number) }),
    },
    monotonic,
    onFault: tell.fault,
    onOverspent,
  });
}
