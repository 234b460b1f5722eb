import type { RunError } from '../../vocabulary/errors.ts';
import type { LimitName } from '../../vocabulary/limits.ts';
import type { IsolationLevel } from '../../vocabulary/outcome.ts';
import type { Rate } from '../../vocabulary/policy.ts';

export interface ToolCheck {
  readonly allowed: boolean;
  readonly granted: readonly string[];
  readonly missing: readonly string[];
  readonly error?: RunError;
}

/** What of the rules decided. */
export type Decider = 'default' | 'runtime' | 'policy' | 'level' | 'profile' | 'manifest' | 'caller' | 'call';

export interface ToolExplanation {
  readonly tool: string;
  readonly allowed: boolean;
  /** Why it is not allowed. */
  readonly error?: RunError;
  readonly level: { readonly value: IsolationLevel; readonly decidedBy: Decider };
  /** What kind of tool the policy takes it for; absent where it has no profiles. */
  readonly profile?: string;
  /** How often it may be called, by whose rule. */
  readonly rates: readonly (Rate & { readonly decidedBy: Decider })[];
  readonly capabilities: readonly {
    readonly capability: string;
    readonly allowed: boolean;
    readonly decidedBy: Decider;
  }[];
  /** Only what anybody said something about; all others have their defaults. */
  readonly limits: Readonly<
    Partial<Record<LimitName, { readonly value: number; readonly decidedBy: Decider }>>
  >;
}
