import type { ToolHook, ToolHooks } from '../contracts/api/tool-hooks.ts';
import { shownText, unknownName } from '../vocabulary/nearest.ts';
import { refuseUnknown, wholeNumber } from '../vocabulary/read-options.ts';
import { type Matches, namesMatcher } from './name-rules.ts';
import type { Tool } from './tool.ts';

export interface HookList extends ToolHooks {
  /** Those of one kind for a tool, in their order. */
  of<K extends ToolHook['on']>(on: K, tool: Tool): readonly (ToolHook & { readonly on: K })[];
}

interface Entry {
  readonly hook: ToolHook;
  readonly matches: Matches;
  readonly priority: number;
}

const KNOWN = { name: true, on: true, run: true, priority: true, timeoutMs: true, tools: true };
const NONE: readonly never[] = [];
const KINDS = ['before', 'after', 'error'] as const;

export function createHookList(): HookList {
  let entries: readonly Entry[] = [];
  return {
    add(hook) {
      const entry = readHook(hook);
      if (entries.some(({ hook: { name } }) => name === hook.name))
        throw new TypeError(`Cannot add a hook: ${shownText(hook.name)} is already there`);
      // Sorting keeps the order of equals, which is that in which they came.
      entries = [...entries, entry].sort((one, other) => other.priority - one.priority);
    },
    remove(name) {
      const rest = entries.filter(({ hook }) => hook.name !== name);
      const found = rest.length < entries.length;
      entries = rest;
      return found;
    },
    list: () => entries.map(({ hook }) => hook.name),
    of<K extends ToolHook['on']>(on: K, tool: Tool) {
      if (entries.length === 0) return NONE;
      return entries.flatMap(
        ({ hook, matches }) =>
          hook.on === on && matches(tool) ? [hook as ToolHook & { readonly on: K }] : [], // of this kind, as was just seen
      );
    },
  };
}

function readHook(hook: unknown): Entry {
  if (typeof hook !== 'object' || hook === null) throw new TypeError('Cannot add a hook: expected an object');
  refuseUnknown(hook, KNOWN, 'add a hook');
  const {
    name,
    on,
    run,
    priority = 0,
    timeoutMs,
    tools,
  } = hook as Readonly<Record<keyof typeof KNOWN, unknown>>; // looked at below
  if (typeof name !== 'string' || name === '' || name.length > 128)
    throw new TypeError('Cannot add a hook: name is not a text of 1 to 128 characters');
  if (!KINDS.some((kind) => kind === on))
    throw unknownName(`add the hook ${shownText(name)}: unknown kind`, String(on), KINDS);
  if (typeof run !== 'function')
    throw new TypeError(`Cannot add the hook ${shownText(name)}: run is not a function`);
  if (typeof priority !== 'number' || !Number.isFinite(priority))
    throw new TypeError(`Cannot add the hook ${shownText(name)}: priority is not a number`);
  wholeNumber(timeoutMs, `add the hook ${shownText(name)}: timeoutMs`, {
    minimum: 1,
    maximum: 60_000,
    unit: 'ms',
  });
  return {
    hook: hook as ToolHook, // each field was looked at
    matches: tools === undefined ? () => true : namesMatcher(tools, `the hook ${shownText(name)}: tools`),
    priority,
  };
}
