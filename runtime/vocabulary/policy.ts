import type { CheckedGrant } from './check-grant.ts';
import type { NameMatcher } from './glob.ts';
import type { Grant } from './grant.ts';
import type { IsolationLevel } from './levels.ts';
import type { Limits } from './limits.ts';
import type { TextFormat } from './manifest.ts';

/** So many calls in a span of time that slides. */
export interface Rate {
  /** 1..100,000 */
  readonly calls: number;
  /** ms, 1..86,400,000 */
  readonly perMs: number;
}

/**
 * What a runtime allows, as one document: a base for all runs, additions by category of tool, profiles, and what single tools and callers
 * are held to. Everything but `grant` and the grants of categories only takes away.
 */
export interface PolicyDocument {
  readonly version: 1;
  /** For editors; nothing reads it. */
  readonly $schema?: string;
  /** Least level of every run. */
  readonly level?: IsolationLevel;
  /** Ceilings of every run. */
  readonly limits?: Partial<Limits>;
  /** What every run may be granted at most. @default nothing */
  readonly grant?: Grant;
  /** By the category of a tool: what its tools may have beyond the base, and the profile they are held to. */
  readonly categories?: Readonly<Record<string, CategoryRule>>;
  /** `true`: those that ship; an object: those, changed and added to. @default none hold */
  readonly profiles?: true | Readonly<Record<string, Profile>>;
  readonly tools?: ToolRules;
  /** By id; `*`: every caller. All that apply hold. */
  readonly callers?: Readonly<Record<string, CallerRule>>;
}

export interface CategoryRule {
  /** Added to the base, for tools of this category alone. */
  readonly grant?: Grant;
  readonly limits?: Partial<Limits>;
  readonly profile?: string;
}

/** What a kind of tool is held to. */
export interface Profile {
  readonly limits?: Partial<Limits>;
  /** At most these capabilities: `fs.read`, `fs.*`. @default all */
  readonly capabilities?: readonly string[];
  /** Least level. */
  readonly level?: IsolationLevel;
  /** Formats that its results may declare. @default all */
  readonly formats?: readonly TextFormat[];
  /** Guest folders below which it may write and delete, whatever is granted beside them. @default all that are granted */
  readonly writable?: readonly string[];
}

export interface ToolRules {
  /** Only these are callable: names, aliases, patterns. */
  readonly allow?: readonly string[];
  /** These are not; wins over `allow`. */
  readonly deny?: readonly string[];
  /** No dangerous tool is callable. @default false */
  readonly safeOnly?: boolean;
  /** By name or pattern; all that match hold. */
  readonly each?: Readonly<Record<string, ToolRule>>;
}

export interface ToolRule {
  readonly limits?: Partial<Limits>;
  /** Calls of the tool, whoever calls. */
  readonly rate?: Rate;
  /** At most these. */
  readonly capabilities?: readonly string[];
  readonly profile?: string;
  /** Asks before it runs, as for a dangerous tool. */
  readonly confirm?: true;
}

export interface CallerRule {
  /** Ceilings of each of its calls. */
  readonly limits?: Partial<Limits>;
  /** Its calls, of whatever tools. */
  readonly rate?: Rate;
  /** At most these capabilities. */
  readonly permissions?: readonly string[];
  /** At most these tools: names, aliases, patterns. */
  readonly tools?: readonly string[];
}

/** A policy after it was read: what `readPolicy` makes of a grant, or of a document. */
export interface Policy {
  readonly level: IsolationLevel | undefined;
  /** What every run may have at most; absent: no ceiling. */
  readonly base: CheckedGrant | undefined;
  /** What a tool of a category may have at most. */
  readonly forCategory: (category: string | undefined) => CheckedGrant | undefined;
  readonly categories: ReadonlyMap<string, CategoryRule>;
  readonly profiles: ReadonlyMap<string, Profile> | undefined;
  readonly allow: readonly string[] | undefined;
  readonly deny: readonly string[] | undefined;
  readonly safeOnly: boolean;
  readonly tools: readonly {
    readonly pattern: string;
    readonly covers: NameMatcher;
    readonly rule: ToolRule;
  }[];
  readonly callers: ReadonlyMap<string, CallerRule>;
}

/** The policy that holds now. */
export interface PolicySource {
  readonly current: Policy;
  /** Counts the policies there have been. */
  readonly revision: number;
}
