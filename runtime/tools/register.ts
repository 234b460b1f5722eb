import type { RegisterOptions, ToolHandler, TrustedTool } from '../contracts/api/tool-handler.ts';
import type { Described } from '../contracts/described-tool.ts';
import { defined } from '../vocabulary/defined.ts';
import { SandglassError } from '../vocabulary/errors.ts';
import type { Grant } from '../vocabulary/grant.ts';
import { languageName } from '../vocabulary/languages.ts';
import { shownText } from '../vocabulary/nearest.ts';
import type { PolicySource } from '../vocabulary/policy.ts';
import { refuseUnknown } from '../vocabulary/read-options.ts';
import type { Validators } from './check/validator.ts';
import { needsOfImports, refuseUndeclared } from './discover/needs.ts';
import type { CapabilityNames } from './manifest/capabilities.ts';
import { type CheckedManifest, readManifest } from './manifest/read-manifest.ts';
import { OWN, type OwnTool } from './own-tools.ts';
import { exampleGrant, flagOf, isGranted } from './permissions.ts';
import type { ToolStore } from './registry.ts';
import { REMOTE, type RemoteTool } from './remote/remote-tool.ts';
import type { Body, Tool } from './tool.ts';
import { createUseCounter } from './use-counter.ts';

export interface RegistrarOptions {
  readonly store: ToolStore;
  readonly validators: Validators;
  readonly capabilities: CapabilityNames;
  /** What a manifest may ask for; absent: anything, and calls tell what is missing. */
  readonly policy: PolicySource | undefined;
  readonly describe: (bytes: Uint8Array) => Described;
  /** Told of a tool that the policy refuses. */
  readonly onRefused: (name: string, error: SandglassError) => void;
  /** Told of the stages that a tool passed. */
  readonly onStage: (stage: 'checked' | 'registered', name: string, path: string | undefined) => void;
}

/** Where a tool comes from, for messages and listings. */
export interface Origin {
  readonly path?: string | undefined;
  /** Where its file is. */
  readonly at?: string | undefined;
  /** Told of functions of a component that are no tools beside those that are; absent: they are named by the error of one without tools only. */
  readonly onLeftOut?: (error: SandglassError) => void;
}

export type Register = (
  manifest: unknown,
  handler: ToolHandler,
  options?: RegisterOptions,
  origin?: Origin,
) => readonly Tool[];

const KNOWN: Readonly<Record<keyof RegisterOptions, true>> = { trusted: true, replace: true };

export function createRegistrar({
  store,
  validators,
  capabilities,
  policy,
  describe,
  onRefused,
  onStage,
}: RegistrarOptions): Register {
  const add = (
    given: unknown,
    body: Body,
    imports: readonly string[],
    replace: boolean,
    { path, at }: Origin,
  ): Tool => {
    const manifest = readManifest(given, { validators, capabilities, file: path });
    refuseUnfit(manifest, body, path);
    if (path !== undefined) refuseUndeclared(path, needsOfImports(imports), manifest.capabilities);
    const most = policy?.current.forCategory(manifest.category)?.given;
    const beyond = most === undefined ? undefined : wantsBeyond(manifest, most);
    if (beyond !== undefined) {
      onRefused(manifest.name, beyond);
      throw beyond;
    }
    onStage('checked', manifest.name, path);
    const tool: Tool = {
      manifest,
      body: withPackages(body, manifest),
      imports,
      path,
      at,
      serial: store.version,
      uses: createUseCounter(),
    };
    store.add(tool, replace);
    onStage('registered', manifest.name, path);
    return tool;
  };
  return (manifest, handler, options = {}, origin = {}) => {
    refuseUnknown(options, KNOWN, 'register a tool');
    const { replace = false } = options;
    const read = readHandler(handler, options);
    const bytes = 'module' in read && read.module instanceof Uint8Array ? read.module : undefined;
    const described = bytes === undefined ? undefined : describe(bytes);
    if (manifest !== undefined)
      return [add(manifest, bodyOf(read, described), described?.imports ?? [], replace, origin)];
    if (described === undefined)
      throw new TypeError(
        'Cannot register a tool: it has no manifest, and only the bytes of a .wasm can tell of themselves',
      );
    if (described.manifest !== undefined)
      return [
        add(parsed(described.manifest, origin), bodyOf(read, described), described.imports, replace, origin),
      ];
    const withHandles = described.handles.length === 0 ? undefined : handlesError(described.handles, origin);
    if (described.exports.length === 0 && withHandles !== undefined) throw withHandles;
    if (withHandles !== undefined) origin.onLeftOut?.(withHandles);
    if (described.exports.length === 0)
      throw new SandglassError(
        'MANIFEST_INVALID',
        `Cannot register ${origin.path ?? 'the module'}: it has no manifest, and exports nothing that could be a tool`,
        {
          hint: 'Pass a manifest, or put one beside it as NAME.json',
        },
      );
    return described.exports.map(({ name, input, output, call }) => {
      const own = {
        name,
        description: `The function ${call.invoke} of a component`,
        input,
        ...defined({ output }),
      };
      const body: Body = { kind: 'component', module: bytes ?? '', exported: call };
      return add(own, body, described.imports, replace, origin);
    });
  };
}

const MOST_NAMED = 20;

/** A call is a guest of its own, with which its handles end. */
const handlesError = (names: readonly string[], { path }: Origin): SandglassError =>
  new SandglassError(
    'UNSUPPORTED',
    `Cannot make a tool of ${names.slice(0, MOST_NAMED).map(shownText).join(', ')}${names.length > MOST_NAMED ? ' and more' : ''}` +
      ` of ${path ?? 'the module'}: handles of resources end with each call`,
    {
      details: { functions: names.slice(0, MOST_NAMED) },
      hint: 'Call them in a session, which keeps one instance: runtime.sessions.open({ module })',
    },
  );

/** @throws {SandglassError} MANIFEST_INVALID */
export function parsed(text: string, { path }: Origin): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : 'it cannot be read';
    throw new SandglassError(
      'MANIFEST_INVALID',
      `Cannot register ${path ?? 'the tool'}: its manifest is not JSON: ${reason.slice(0, 200)}`,
      {
        ...(path === undefined ? {} : { details: { file: path } }),
      },
    );
  }
}

type Read =
  | { readonly own: OwnTool }
  | { readonly remote: RemoteTool }
  | { readonly trusted: TrustedTool }
  | Extract<Body, { readonly kind: 'script' }>
  | {
      readonly module: Extract<Body, { readonly kind: 'component' }>['module'];
      readonly invoke: string | undefined;
    };

/** @throws {TypeError} on anything that is none of the kinds. */
function readHandler(handler: ToolHandler, { trusted }: RegisterOptions): Read {
  const given: unknown = handler; // looked at below, for callers without types
  if (typeof given === 'function') {
    if (trusted === true) return { trusted: given as TrustedTool }; // whoever marks it says what it is
    throw new TypeError(
      'Cannot register a tool: a function of the host has all its power; mark it with { trusted: true }, or give the source of a guest',
    );
  }
  if (given instanceof Uint8Array) return { module: given.slice(), invoke: undefined };
  if (typeof given !== 'object' || given === null)
    throw new TypeError(
      'Cannot register a tool: expected guest source { language, code }, a module, or { trusted: true, run }',
    );
  if (OWN in given) return { own: given[OWN] as OwnTool }; // nobody else has the mark
  if (REMOTE in given) return { remote: given[REMOTE] as RemoteTool }; // nobody else has the mark
  const fields = given as Readonly<Record<string, unknown>>;
  if ('run' in fields) {
    refuseUnknown(fields, { run: true, trusted: true }, 'register a tool');
    if (typeof fields.run !== 'function')
      throw new TypeError('Cannot register a tool: run is not a function');
    if (fields.trusted !== true && trusted !== true)
      throw new TypeError(
        'Cannot register a tool: run is a function of the host; mark it with trusted: true',
      );
    return { trusted: fields.run as TrustedTool }; // whoever marks it says what it is
  }
  if ('module' in fields) {
    refuseUnknown(fields, { module: true, invoke: true }, 'register a tool');
    const { module, invoke } = fields;
    if (invoke !== undefined && typeof invoke !== 'string')
      throw new TypeError('Cannot register a tool: invoke is not the name of an export');
    const isModule = typeof module === 'string' || (typeof module === 'object' && module !== null);
    if (!isModule) throw new TypeError('Cannot register a tool: module is neither bytes nor a path');
    return { module: (module instanceof Uint8Array ? module.slice() : module) as never, invoke }; // the run looks at any other
  }
  refuseUnknown(
    fields,
    { language: true, code: true, filename: true, modules: true, packages: true },
    'register a tool',
  );
  if (typeof fields.language !== 'string' || typeof fields.code !== 'string')
    throw new TypeError('Cannot register a tool: expected language and code as texts');
  return { kind: 'script', script: structuredClone(fields) as never }; // the run looks at the rest
}

function bodyOf(read: Read, described: Described | undefined): Body {
  if ('own' in read) return { kind: 'own', run: read.own };
  if ('remote' in read) return { kind: 'remote', remote: read.remote };
  if ('trusted' in read) return { kind: 'trusted', run: read.trusted };
  if ('kind' in read) return read;
  const { module, invoke } = read;
  if (invoke !== undefined) {
    const exported = described?.exports.find(({ name, call }) => call.invoke === invoke || name === invoke);
    if (described !== undefined && exported === undefined)
      throw new SandglassError(
        'MODULE_INVALID',
        `Cannot register the tool: its module exports no ${shownText(invoke)}`,
        {
          details: { exports: described.exports.map(({ call }) => call.invoke) },
        },
      );
    return { kind: 'component', module, exported: exported?.call ?? { invoke, params: [] } };
  }
  if (described?.kind === 'command') return { kind: 'command', module };
  const [only, ...others] = described?.exports ?? [];
  const exported = described?.isTool === false && others.length === 0 ? only?.call : undefined;
  return { kind: 'component', module, exported };
}

function refuseUnfit({ name, packages, entry }: CheckedManifest, body: Body, path: string | undefined): void {
  const fail = (field: string, reason: string): SandglassError =>
    new SandglassError(
      'MANIFEST_INVALID',
      `Cannot register the tool ${shownText(name)}: ${field}: ${reason}`,
      {
        details: { errors: [{ path: field, message: reason, rule: field }] },
      },
    );
  if (packages.length > 0 && !(body.kind === 'script' && languageName(body.script.language) === 'python'))
    throw fail('packages', 'only scripts of Python have packages');
  if (entry !== undefined && path === undefined)
    throw fail('entry', 'is for a manifest in a file of its own');
}

/** What a manifest asks for beyond the policy is refused when it is registered, not when somebody needs it. */
function wantsBeyond({ name, capabilities }: CheckedManifest, policy: Grant): SandglassError | undefined {
  const missing = capabilities.filter(
    (capability) => capability !== 'dangerous' && !isGranted(capability, policy),
  );
  const [first] = missing;
  if (first === undefined) return undefined;
  return new SandglassError(
    'CAPABILITY_DENIED',
    `Cannot register the tool ${shownText(name)}: it wants ${missing.join(', ')}, and the policy of this runtime has no grant for it`,
    {
      details: { capability: first, requested: name, missing, grant: exampleGrant(first) },
      hint: `Leave it out of the manifest, or widen the policy${flagOf(first) === undefined ? '' : `, on the command line with ${flagOf(first)}`}`,
    },
  );
}

function withPackages(body: Body, { packages }: CheckedManifest): Body {
  if (body.kind !== 'script' || packages.length === 0) return body;
  return {
    ...body,
    script: { ...body.script, packages: [...new Set([...(body.script.packages ?? []), ...packages])] },
  };
}
