import type { Caller } from '../../vocabulary/caller.ts';
import type { JsonObject } from '../../vocabulary/json.ts';

/** A rule of the embedder's over arguments that fit their schema: it is asked before permissions, and before anything starts. */
export interface ToolValidator {
  /** 1 to 128 characters; refusals name it. */
  readonly name: string;
  /** Only for these tools: names or patterns. @default all */
  readonly tools?: readonly string[];
  /**
   * Says what is wrong, or nothing. What it says refuses the call with CAPABILITY_DENIED, together with what the other validators say. It answers at
   * once: one that throws, or answers a promise, refuses the call with INTERNAL.
   */
  readonly check: (call: ValidatedCall) => ValidatorAnswer;
}

/** What a validator sees of a call: a copy, frozen on top. */
export interface ValidatedCall {
  readonly tool: string;
  readonly args: JsonObject;
  /** `null` for the embedder itself, and where arguments are only looked at by `tools.validate`. */
  readonly caller: Caller | null;
}

// biome-ignore lint/suspicious/noConfusingVoidType: a validator that says nothing returns nothing
export type ValidatorAnswer = void | undefined | string | readonly ValidatorFault[];

export interface ValidatorFault {
  /** The argument that is refused: `path`, `items[2].name`. */
  readonly path: string;
  readonly reason: string;
}
