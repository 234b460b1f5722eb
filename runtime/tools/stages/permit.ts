import type { ToolOutcome } from '../../contracts/api/tool-call.ts';
import { permits } from '../../vocabulary/caller.ts';
import { defined } from '../../vocabulary/defined.ts';
import { SandglassError } from '../../vocabulary/errors.ts';
import type { Grant } from '../../vocabulary/grant.ts';
import { LEVEL_POLICIES, LEVELS } from '../../vocabulary/levels.ts';
import { mergeGrants } from '../../vocabulary/merge-grants.ts';
import type { NameRules } from '../name-rules.ts';
import { narrowToTool } from '../narrow-to-tool.ts';
import { decide, exampleGrant, flagOf, type Rules, type Verdict } from '../permissions.ts';
import type { Stage } from '../pipeline.ts';
import type { Tool } from '../tool.ts';
import { type ToolCall, toolOf } from '../tool-call.ts';

export interface PermitOptions {
  readonly names: NameRules;
  readonly rulesOf: (call: ToolCall, tool: Tool) => Rules;
  readonly limitsOf: (call: ToolCall, rules: Rules, tool: Tool) => ToolCall['limits'];
  readonly onDenied: (call: ToolCall, error: SandglassError) => void;
}

/** Manifest ∩ caller ∩ policy, under the level; what lacks is named before anything runs. */
export const permitStage = (options: PermitOptions): Stage<ToolOutcome> => ({
  name: 'permit',
  when: 'before',
  handle: (call, next) => {
    const tool = toolOf(call);
    const rules = options.rulesOf(call, tool);
    call.held = rules.held;
    call.level = rules.level;
    const refused = refusalOf(call.shownName, tool, rules, options.names);
    if (refused !== undefined) {
      options.onDenied(call, refused);
      throw refused;
    }
    const { capabilities, scopes } = tool.manifest;
    call.grant = narrowToTool(rules.grant, capabilities, scopes, rules.held.profile?.profile.writable);
    call.limits = options.limitsOf(call, rules, tool);
    return next();
  },
});

/** Why a call is not allowed; `undefined` when it is. */
export function refusalOf(
  shown: string,
  tool: Tool,
  rules: Rules,
  names: NameRules,
): SandglassError | undefined {
  const { manifest, body } = tool;
  if (manifest.requiresAuth && rules.caller === undefined)
    return new SandglassError('UNAUTHENTICATED', `Cannot call ${shown}: it wants to know who calls`, {
      hint: 'Pass a caller',
    });
  const forbidden = names.refuses(tool, rules.caller);
  if (forbidden !== undefined)
    return denied(
      shown,
      `${forbidden} does not allow it`,
      ['tools.call'],
      {},
      'Use another tool; do not retry',
    );
  if (body.kind === 'trusted' && LEVELS.indexOf(rules.level) >= LEVELS.indexOf('strict'))
    return denied(
      shown,
      `it is a trusted tool of the host, which level ${rules.level} refuses`,
      ['tools.call'],
      { level: rules.level },
      'Use another tool, or a level below strict; do not retry',
    );
  const held = heldOf(tool);
  if (held !== undefined) return held;
  if (body.kind === 'remote' && LEVEL_POLICIES[rules.level].noNetwork)
    return denied(
      shown,
      `it runs on the server ${body.remote.server}, and level ${rules.level} has no network`,
      ['tools.call'],
      { level: rules.level },
      'Use another tool, or a level below strict; do not retry',
    );
  const missing = verdictsOf(tool, rules).filter(({ allowed }) => !allowed);
  const unset = unsetOf(manifest, rules);
  // What a grant would not mend is told first: who may not have it need not configure it.
  if (unset !== undefined && missing.every(byGrant)) return notConfigured(shown, unset, missing);
  return missing.length === 0 ? undefined : lacking(shown, missing, rules);
}

/** Why a tool of a server may not be shown or called as things stand. */
export const heldOf = ({ body }: Tool): SandglassError | undefined =>
  body.kind === 'remote' ? body.remote.held() : undefined;

/** What decides over each capability of a tool. */
export const verdictsOf = (tool: Tool, rules: Rules): readonly Verdict[] =>
  tool.manifest.capabilities.filter((name) => name !== 'dangerous').map((name) => decide(name, rules));

const byGrant = ({ decidedBy }: Verdict): boolean => decidedBy === 'policy' || decidedBy === 'call';

/** The first setting that the grant does not give: its name, and what is in it. */
const unsetOf = ({ settings }: Tool['manifest'], { grant }: Rules): readonly [string, string] | undefined =>
  Object.entries(settings).find(([name]) => !Object.hasOwn(grant.env ?? {}, name));

function notConfigured(
  shown: string,
  [setting, holds]: readonly [string, string],
  missing: readonly Verdict[],
): SandglassError {
  const others = missing.map(({ capability }) => capability).filter((name) => name !== 'env');
  return new SandglassError('UNSUPPORTED', `Cannot call ${shown}: nothing is configured for it`, {
    details: {
      setting,
      ...(missing.length === 0 ? {} : { missing: missing.map(({ capability }) => capability) }),
    },
    hint:
      `Grant env ${setting}, on the command line with --allow-env=${setting}=…: ` +
      `${holds}${others.length === 0 ? '' : `; and grant ${others.join(', ')}`}`,
  });
}

function lacking(shown: string, missing: readonly Verdict[], rules: Pick<Rules, 'caller'>): SandglassError {
  const names = missing.map(({ capability }) => capability);
  const grantable = missing.filter(byGrant);
  const grant = grantable.reduce<Grant>(
    (sum, { capability }) => mergeGrants(sum, exampleGrant(capability)),
    {},
  );
  const flags = [...new Set(grantable.flatMap(({ capability }) => flagOf(capability) ?? []))];
  return denied(
    shown,
    missing.map(reasonOf).join('; '),
    names,
    { decidedBy: missing[0]?.decidedBy, ...(grantable.length === 0 ? {} : { grant }) },
    `${howTo(missing, flags, rules.caller)}; do not retry`,
  );
}

function howTo(missing: readonly Verdict[], flags: readonly string[], caller: Rules['caller']): string {
  const names = missing.map(({ capability }) => capability).join(', ');
  const byCaller = missing.filter(({ decidedBy }) => decidedBy === 'caller');
  if (byCaller.length > 0)
    return byCaller.every(({ capability }) => permits(caller, capability))
      ? `Give the caller a grant of ${names}`
      : `Give the caller the permission ${names}`;
  if (missing.some(({ decidedBy }) => decidedBy === 'level')) return 'Use a lower level, or do without it';
  if (missing.some(({ decidedBy }) => decidedBy === 'profile'))
    return `Give the tool a profile that has ${names}, or do without it`;
  return flags.length === 0 ? `Grant ${names}` : `Grant it, on the command line with ${flags.join(' ')}`;
}

function reasonOf({ capability, decidedBy }: Verdict): string {
  if (decidedBy === 'caller') return `the caller has no permission for ${capability}`;
  if (decidedBy === 'level') return `its level does not allow ${capability}`;
  if (decidedBy === 'profile') return `its profile does not have ${capability}`;
  return `no grant for ${capability} covers it`;
}

const denied = (
  shown: string,
  reason: string,
  missing: readonly string[],
  details: Readonly<Record<string, unknown>>,
  hint: string,
): SandglassError =>
  new SandglassError('CAPABILITY_DENIED', `Cannot call ${shown}: ${reason}`, {
    details: { capability: missing[0], requested: shown, missing, ...defined({ ...details }) },
    hint,
  });
