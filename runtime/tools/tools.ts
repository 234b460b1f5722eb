import type { Artifacts } from '../contracts/api/artifacts.ts';
import type { ToolCallOptions } from '../contracts/api/tool-call.ts';
import type { Decider, ToolCheck, ToolExplanation } from '../contracts/api/tool-check.ts';
import type { LoadReport, ToolFilter } from '../contracts/api/tool-registry.ts';
import type { ToolsApi, ToolsOptions } from '../contracts/api/tools.ts';
import type { ToolsPort } from '../contracts/operations/tools.ts';
import type { ToolFile } from '../contracts/platform.ts';
import { type Caller, NO_RUN, permits } from '../vocabulary/caller.ts';
import { defined } from '../vocabulary/defined.ts';
import { SandglassError } from '../vocabulary/errors.ts';
import type { Unsubscribe } from '../vocabulary/event-stream.ts';
import { guarded } from '../vocabulary/guarded.ts';
import type { JsonObject } from '../vocabulary/json.ts';
import { shownText, unknownName } from '../vocabulary/nearest.ts';
import { refuseUnknown, wholeNumber } from '../vocabulary/read-options.ts';
import { createCaller, type ToolCaller } from './call.ts';
import type { Validators } from './check/validator.ts';
import { openDirs } from './discover/dirs.ts';
import { createLoader, joinReports } from './discover/loader.ts';
import { explanationOf, limitSources } from './explain.ts';
import { createHookList } from './hook-list.ts';
import { infoOf } from './info.ts';
import { namesMatcher } from './name-rules.ts';
import { capabilityNames, mayUse, type Rules } from './permissions.ts';
import { readCallOptions } from './read-call-options.ts';
import { readToolsOptions, type ToolSettings } from './read-tools-options.ts';
import { createRegistrar, type Register, type RegistrarOptions } from './register.ts';
import type { ToolStore } from './registry.ts';
import { createServers } from './remote/servers.ts';
import { createArtifacts } from './result/artifacts.ts';
import { modelToolOf } from './select/for-model.ts';
import { nameFromModel } from './select/model-name.ts';
import { createToolIndex } from './select/search.ts';
import { signatureOf, signaturesOf } from './select/signatures.ts';
import { registerShipped } from './shipped.ts';
import { notFound } from './stages/find.ts';
import { heldOf, refusalOf, verdictsOf } from './stages/permit.ts';
import { checkArguments, faultsOfRefusals } from './stages/validate.ts';
import { tellEntered, tellStopped } from './tell-stopped.ts';
import type { Tool } from './tool.ts';
import type { ToolsContext } from './tools-context.ts';

export interface Tools {
  readonly api: ToolsApi;
  readonly artifacts: Artifacts;
  /** What guests reach through the host function `tools`. */
  readonly port: ToolsPort;
  /** Watches nothing any more, and leaves all servers. */
  close(): Promise<void>;
}

/** The tools of one runtime. @throws {TypeError | RangeError} on an option that is not one. */
export function createTools(
  context: ToolsContext,
  options: ToolsOptions | undefined,
  validators: Validators,
): Tools {
  const settings = readToolsOptions(options, context.policy);
  const { store } = settings;
  const hooks = createHookList();
  const artifacts = createArtifacts();
  const index = createToolIndex(store);
  const registrar: Omit<RegistrarOptions, 'policy' | 'store'> = {
    validators,
    capabilities: capabilityNames(context.hostFunctions),
    describe: context.describe,
    onRefused: (name, error) => tellStopped(context, { name, error, gate: 'registration' }),
    onStage: (stage, tool, path) => tellEntered(context, stage, tool, path),
  };
  const registerWith = (into: ToolStore): Register =>
    createRegistrar({ ...registrar, store: into, policy: context.policy });
  const register = registerWith(store);
  if (settings.builtin)
    registerShipped(
      store,
      shippedTools(context),
      createRegistrar({ ...registrar, store, policy: undefined }),
    );
  const servers = createServers({
    ...context,
    ...settings,
    powers: context.servers,
    tell: context.tell ?? (() => undefined),
    register,
  });
  const caller = createCaller(context, settings, hooks, artifacts, servers);
  const loader = createLoader(context, store, registerWith);
  const dirs = openDirs(context, settings, loader);
  const allReady = async (): Promise<LoadReport> =>
    joinReports(await Promise.all([dirs.ready(), servers.ready()]));
  const ready = allReady();
  ready.catch(() => undefined); // thrown to whoever waits for it

  /** As `call` finds it: also by the name that a model's API knows it by. */
  const find = (name: string): Tool | undefined => store.find(name) ?? store.find(nameFromModel(name));
  const get = (name: string): Tool => {
    const tool = find(name);
    if (tool === undefined) throw notFound(name, shownText(name), store);
    return tool;
  };
  /** Whether a caller may use a tool at all; what a policy says shows when it is called. */
  const isFor =
    (who: Caller | undefined) =>
    (tool: Tool): boolean =>
      settings.names.refuses(tool, who) === undefined &&
      heldOf(tool) === undefined &&
      (who === undefined ||
        tool.manifest.capabilities.every((name) => name === 'dangerous' || mayUse(who, name)));
  const chosen = (names: readonly string[] | undefined, who: Caller | undefined, dangerous = false) => {
    const matches = names === undefined ? () => true : namesMatcher(names, 'names');
    return store
      .all()
      .filter((tool) => matches(tool) && isFor(who)(tool) && (dangerous || !tool.manifest.dangerous));
  };

  const api: ToolsApi = {
    register: (manifest, handler, registerOptions) =>
      register(manifest, handler, registerOptions, {
        onLeftOut: ({ message }) => context.tell?.({ kind: 'tools-refused', message }),
      }).map(infoOf),
    unregister: (name) => store.remove(name),
    onChange: (listener) => onChange(store, listener, context),
    load: (path, registerOptions = {}) => loader.load(path, registerOptions),
    discover: (discoverOptions) => loader.discover(discoverOptions),
    ready: allReady,
    list: (filter = {}) =>
      list(filter, store.all(), isFor, (query) =>
        index.search(query, 10_000, () => true).map(({ name }) => name),
      ),
    info: (name) => {
      const tool = find(name);
      return tool === undefined ? undefined : infoOf(tool);
    },
    async call(name, args, callOptions = {}) {
      await ready;
      return caller.call(name, args, callOptions);
    },
    async callMany(calls, shared = {}) {
      if (!Array.isArray(calls)) throw new TypeError('Cannot call tools: expected a list of calls');
      await ready;
      return Promise.all(
        calls.map(({ name, args, ...own }) => caller.call(name, args, { ...shared, ...own })),
      );
    },
    validate(name, args, { coerce = true } = {}) {
      const tool = get(name);
      const checked = checkArguments(tool, args, coerce);
      if (Array.isArray(checked)) return { valid: false, errors: checked };
      const plain = checked as JsonObject; // not the list
      const refusals = settings.validators.refusals(tool, plain, undefined, ignore);
      return refusals.length === 0
        ? { valid: true, errors: [], args: plain }
        : { valid: false, errors: faultsOfRefusals(refusals) };
    },
    check(name, callOptions = {}) {
      const options = read(callOptions, context);
      return checkCall(get(name), options, caller, settings);
    },
    explain: (name, callOptions = {}) =>
      explain(get(name), read(callOptions, context), caller, settings, context),
    search(query, { limit, caller: who } = {}) {
      if (typeof query !== 'string') throw new TypeError('Cannot search tools: the query is not a text');
      const most = wholeNumber(limit, 'search tools: limit', { minimum: 1, maximum: 100 }) ?? 10;
      return index.search(query, most, isFor(who));
    },
    signatures({ format, names, caller: who, dangerous }) {
      return signaturesOf(chosen(names, who, dangerous), format);
    },
    forModel(modelOptions) {
      const { format, names, caller: who, dangerous } = modelOptions;
      const formats = ['openai', 'anthropic', 'mcp'];
      if (!formats.includes(format))
        throw unknownName('describe tools: unknown format', String(format), formats);
      return chosen(names, who, dangerous).map((tool) => modelToolOf(tool, modelOptions));
    },
    hooks: { add: hooks.add, remove: hooks.remove, list: hooks.list },
    servers: servers.api,
  };

  const port: ToolsPort = {
    async call(name, args, { run, signal }) {
      const outer = caller.frame(run.runId);
      if (outer !== undefined) {
        // The guest of a call: what it calls may touch what that call may, and no more.
        const within = { parent: run, caller: run.caller, called: context.outer(run).called };
        const options = { ...outer.options, grant: outer.grant };
        return caller.nested({ ...outer, ...within, options }, name, args, signal);
      }
      const { caller: who } = run;
      return caller.call(name, args, { parent: run, signal, ...defined({ caller: who }) });
    },
    search: (query, { limit = 10, run, granted }) =>
      index.search(query, limit, (tool) => granted(tool.manifest.name) && isFor(run.caller)(tool)),
    describe(name, { run, language }) {
      const tool = store.find(name);
      if (tool === undefined || !isFor(run.caller)(tool)) return undefined;
      const { manifest } = tool;
      return {
        name: manifest.name,
        description: manifest.description,
        input: manifest.input,
        output: manifest.output ?? null,
        examples: manifest.examples,
        signature: signatureOf(tool, language),
      };
    },
  };
  const close = async (): Promise<void> => {
    dirs.close();
    await servers.close();
  };
  return { api, artifacts, port, close };
}

/** Whoever asks about arguments is thrown the fault itself. */
const ignore = (): void => undefined;

function onChange(
  store: ToolStore,
  listener: () => void,
  { events, now }: Pick<ToolsContext, 'events' | 'now'>,
): Unsubscribe {
  if (typeof listener !== 'function') throw new TypeError('Cannot listen: the listener is not a function');
  // Whoever registers a tool is not told of faults in what listens.
  const stop = store.onChange(
    guarded(listener, (error) => events.emit({ kind: 'fault', time: now(), identity: NO_RUN, error })),
  );
  return Object.assign(stop, { [Symbol.dispose]: stop });
}

/** @throws {SandglassError} UNSUPPORTED */
function shippedTools({ readShippedTools }: ToolsContext): () => readonly ToolFile[] {
  if (readShippedTools !== undefined) return readShippedTools;
  throw new SandglassError(
    'UNSUPPORTED',
    'Cannot create a runtime: tools.builtin: this platform has no files',
    {
      hint: 'Leave builtin out, and register tools',
    },
  );
}

const read = (options: ToolCallOptions, { checkGrant }: ToolsContext): ToolCallOptions =>
  readCallOptions(options, checkGrant);

const FILTERS: Readonly<Record<keyof ToolFilter, true>> = {
  category: true,
  tag: true,
  permissions: true,
  search: true,
  caller: true,
};

function list(
  filter: ToolFilter,
  all: readonly Tool[],
  isFor: (who: Caller | undefined) => (tool: Tool) => boolean,
  search: (query: string) => readonly string[],
) {
  refuseUnknown(filter, FILTERS, 'list tools');
  const { category, tag, permissions, search: query, caller } = filter;
  const found = query === undefined ? undefined : new Set(search(query));
  const within: Caller | undefined = permissions === undefined ? undefined : { id: 'filter', permissions };
  return all
    .filter(({ manifest }) => category === undefined || manifest.category === category)
    .filter(({ manifest }) => tag === undefined || manifest.tags.includes(tag))
    .filter(({ manifest }) => found === undefined || found.has(manifest.name))
    .filter(
      ({ manifest }) => within === undefined || manifest.capabilities.every((name) => permits(within, name)),
    )
    .filter(isFor(caller))
    .map(infoOf);
}

function checkCall(
  tool: Tool,
  options: ToolCallOptions,
  caller: ToolCaller,
  { names }: ToolSettings,
): ToolCheck {
  const rules = caller.rulesOf(options, tool);
  const refused = refusalOf(shownText(tool.manifest.name), tool, rules, names);
  const verdicts = verdictsOf(tool, rules);
  return {
    allowed: refused === undefined,
    granted: verdicts.filter(({ allowed }) => allowed).map(({ capability }) => capability),
    missing: verdicts.filter(({ allowed }) => !allowed).map(({ capability }) => capability),
    ...(refused === undefined ? {} : { error: refused.toJSON() }),
  };
}

function explain(
  tool: Tool,
  options: ToolCallOptions,
  caller: ToolCaller,
  settings: ToolSettings,
  context: ToolsContext,
): ToolExplanation {
  const rules = caller.rulesOf(options, tool);
  const { name } = tool.manifest;
  const { profile, rates } = rules.held;
  const refused = refusalOf(shownText(name), tool, rules, settings.names);
  const own = settings.rate === undefined ? [] : [{ ...settings.rate, decidedBy: 'runtime' as const }];
  return explanationOf(
    {
      tool: name,
      allowed: refused === undefined,
      ...defined({ error: refused?.toJSON(), profile: profile?.name }),
      level: { value: rules.level, decidedBy: levelDecider(rules, options, context) },
      rates: [...own, ...rates.map(({ rate }) => ({ ...rate, decidedBy: 'policy' as const }))],
    },
    verdictsOf(tool, rules),
    limitSources(tool.manifest, rules, context, options),
  );
}

/** Whose word made the level what it is; of those who agree, the first in the order of precedence. */
function levelDecider(
  { level, held }: Rules,
  options: ToolCallOptions,
  { policy, levelOf }: ToolsContext,
): Decider {
  if (policy.current.level === level) return 'policy';
  if (levelOf(undefined) === level) return 'runtime';
  if (held.profile?.profile.level === level) return 'profile';
  return options.level === level ? 'call' : 'caller';
}
