import type { Caller } from '../../vocabulary/caller.ts';
import { checkFields, type FieldKind } from '../../vocabulary/check-fields.ts';
import type { ContentPart } from '../../vocabulary/content-parts.ts';
import { readUriTemplate, type UriTemplate } from './uri-template.ts';

/** Who asks for a prompt or a resource. */
export interface McpAsker {
  /** `undefined` for whoever has the server's own key. */
  readonly caller: Caller | undefined;
}

/** A text that a person picks in a client, with what they fill in. */
export interface McpPrompt {
  readonly name: string;
  readonly title?: string;
  readonly description?: string;
  readonly arguments?: readonly McpPromptArgument[];
  /** The messages, or the text of the only one. What it throws is told to nobody outside. */
  readonly get: (
    args: Readonly<Record<string, string>>,
    asker: McpAsker,
  ) => Given<string | readonly McpMessage[]>;
}

export interface McpPromptArgument {
  readonly name: string;
  readonly description?: string;
  /** @default false */
  readonly required?: boolean;
  /** What it may be, for what was typed so far, the best first; at most 100 of them are shown. */
  readonly complete?: Complete;
}

export type Complete = (typed: string, asker: McpAsker) => Given<readonly string[]>;

export interface McpMessage {
  readonly role: 'user' | 'assistant';
  readonly content: ContentPart;
}

/** Something that a client reads, by its URI or by a template of URIs. */
export interface McpResource {
  readonly name: string;
  readonly title?: string;
  readonly description?: string;
  /** @default text/plain, application/octet-stream for bytes */
  readonly mime?: string;
  readonly uri?: string;
  /** In place of `uri`: `notes://{folder}/{id}`. */
  readonly template?: string;
  /** What a variable of the template may be. */
  readonly complete?: Readonly<Record<string, Complete>>;
  /** @param variables Of the template. Answers `undefined` for what is not there. What it throws is told to nobody outside. */
  readonly read: (
    variables: Readonly<Record<string, string>>,
    asker: McpAsker,
  ) => Given<string | Uint8Array | undefined>;
  /** Of a `uri`: begins to tell of changes when a first client subscribes. What it answers is called when none is left. */
  readonly watch?: (changed: () => void) => (() => void) | undefined;
}

type Given<T> = T | Promise<T>;

/** Prompts and resources of the embedder, checked. */
export interface McpOffers {
  readonly prompts: readonly McpPrompt[];
  readonly resources: readonly OfferedResource[];
  /** URIs of resources that can be watched. */
  readonly watched: readonly string[];
  /** Calls back when a resource has changed; the answer takes that back. The resource is watched as long as somebody wants to know. */
  onChange(uri: string, listener: () => void): () => void;
}

export type OfferedResource = McpResource & { readonly pattern: UriTemplate | undefined };

const PROMPT: Readonly<Record<keyof McpPrompt, FieldKind>> = {
  name: 'text!',
  title: 'text',
  description: 'text',
  arguments: 'list',
  get: 'function!',
};
const ARGUMENT: Readonly<Record<keyof McpPromptArgument, FieldKind>> = {
  name: 'text!',
  description: 'text',
  required: 'boolean',
  complete: 'function',
};
const RESOURCE: Readonly<Record<keyof McpResource, FieldKind>> = {
  name: 'text!',
  title: 'text',
  description: 'text',
  mime: 'text',
  uri: 'text',
  template: 'text',
  complete: 'object',
  read: 'function!',
  watch: 'function',
};
/** Of artifacts, which have an owner each. */
const OWN = 'sandglass:';

/**
 * @param onFault Told of what a `watch` throws, as it begins or ends.
 * @throws {TypeError | RangeError} naming what is wrong with which one.
 */
export function readOffers(
  prompts: readonly McpPrompt[] = [],
  resources: readonly McpResource[] = [],
  onFault: (error: unknown) => void = () => undefined,
): McpOffers {
  for (const prompt of prompts) {
    const where = `offer the prompt ${String(Object(prompt).name)}`;
    checkFields(prompt, PROMPT, where);
    for (const argument of prompt.arguments ?? []) checkFields(argument, ARGUMENT, `${where}: an argument`);
  }
  once(
    prompts.map(({ name }) => name),
    'prompts',
  );
  const offered = resources.map(offer);
  once(
    resources.map(({ uri, template }) => String(uri ?? template)),
    'resources',
  );
  const watches = new Map(
    offered.flatMap(({ uri, watch }) =>
      uri === undefined || watch === undefined ? [] : [[uri, createWatch(watch, onFault)] as const],
    ),
  );
  return {
    prompts,
    resources: offered,
    watched: [...watches.keys()],
    onChange: (uri, listener) => watches.get(uri)?.(listener) ?? (() => undefined),
  };
}

/** One resource that is watched while it has listeners. */
function createWatch(
  watch: NonNullable<McpResource['watch']>,
  onFault: (error: unknown) => void,
): (listener: () => void) => () => void {
  // One and the same function may be given by two clients.
  const listeners = new Set<{ readonly tell: () => void }>();
  let stop: (() => void) | undefined;
  const guard = <T>(work: () => T): T | undefined => {
    try {
      return work();
    } catch (error) {
      onFault(error);
      return undefined;
    }
  };
  const begin = (): void => {
    let isOver = false;
    const changed = (): void => {
      if (!isOver) for (const { tell } of [...listeners]) tell();
    };
    const end = guard(() => watch(changed));
    stop = () => {
      isOver = true;
      if (typeof end === 'function') guard(end);
    };
  };
  return (tell) => {
    const listener = { tell };
    listeners.add(listener);
    if (listeners.size === 1) begin();
    return () => {
      if (listeners.delete(listener) && listeners.size === 0) stop?.();
    };
  };
}

function offer(resource: McpResource): OfferedResource {
  const where = `offer the resource ${String(Object(resource).name)}`;
  checkFields(resource, RESOURCE, where);
  const { uri, template, complete = {}, watch } = resource;
  if ((uri === undefined) === (template === undefined))
    throw new TypeError(`Cannot ${where}: give either uri or template`);
  if (uri !== undefined && !URL.canParse(uri))
    throw new RangeError(`Cannot ${where}: uri is not an absolute one`);
  if ((uri ?? template)?.startsWith(OWN))
    throw new RangeError(`Cannot ${where}: ${OWN} is of the door itself`);
  if (watch !== undefined && uri === undefined) throw new TypeError(`Cannot ${where}: watch is of a uri`);
  const pattern = template === undefined ? undefined : readUriTemplate(template, where);
  for (const name of Object.keys(complete))
    if (pattern?.has(name) !== true) throw new RangeError(`Cannot ${where}: complete: there is no {${name}}`);
  return { ...resource, pattern };
}

function once(names: readonly string[], what: string): void {
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined) throw new RangeError(`Cannot offer ${what}: two are ${twice}`);
}
