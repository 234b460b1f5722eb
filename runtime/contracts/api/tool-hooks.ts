import type { RunError } from '../../vocabulary/errors.ts';
import type { GuestValue } from '../../vocabulary/guest-value.ts';
import type { JsonObject } from '../../vocabulary/json.ts';
import type { ToolCallView } from './tool-call.ts';

/** What embedders put around calls. Higher priority first; ties in the order they came. */
export interface ToolHooks {
  /** @throws {TypeError} on a malformed hook, or a name that one has already. */
  add(hook: ToolHook): void;
  /** Answers whether there was one. */
  remove(name: string): boolean;
  list(): readonly string[];
}

interface HookBase {
  readonly name: string;
  /** @default 0 */
  readonly priority?: number;
  /** ms, 1..60_000. @default 5_000 */
  readonly timeoutMs?: number;
  /** Only for these tools: names or patterns. @default all */
  readonly tools?: readonly string[];
}

export type ToolHook =
  | (HookBase & {
      readonly on: 'before';
      /** Goes on with nothing, changes the arguments, which are checked again, or stops the call. What it throws refuses the call. */
      readonly run: (call: ToolCallView) => BeforeAnswer | Promise<BeforeAnswer>;
    })
  | (HookBase & {
      readonly on: 'after';
      /** Sees every outcome; may replace its value. What it throws changes nothing. */
      readonly run: (call: ToolCallView, outcome: ToolResultView) => ValueAnswer | Promise<ValueAnswer>;
    })
  | (HookBase & {
      readonly on: 'error';
      /** Sees failures; may supply a value in their place. What it throws changes nothing. */
      readonly run: (call: ToolCallView, outcome: ToolResultView) => ValueAnswer | Promise<ValueAnswer>;
    });

// biome-ignore lint/suspicious/noConfusingVoidType: a hook that says nothing returns nothing
export type BeforeAnswer = void | undefined | { readonly args: JsonObject } | { readonly stop: string };

// biome-ignore lint/suspicious/noConfusingVoidType: a hook that says nothing returns nothing
export type ValueAnswer = void | undefined | { readonly value: GuestValue };

export interface ToolResultView {
  readonly ok: boolean;
  readonly value?: GuestValue;
  readonly error?: RunError;
  readonly durationMs: number;
}
