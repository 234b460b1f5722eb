import type { RegisterOptions, ToolHandler } from '../contracts/api/tool-handler.ts';
import type { LoadReport, SkippedFile } from '../contracts/api/tool-registry.ts';
import type { ToolFile } from '../contracts/platform.ts';
import { defined } from '../vocabulary/defined.ts';
import { SandglassError } from '../vocabulary/errors.ts';
import { toolFileKind } from '../vocabulary/tool-files.ts';
import { javascriptNeeds } from './discover/javascript-needs.ts';
import { refuseUndeclared } from './discover/needs.ts';
import { decoratedCode, type PythonFacts, type PythonFile } from './discover/python-analysis.ts';
import { infoOf } from './info.ts';
import { headManifest } from './manifest/head-manifest.ts';
import { type Origin, parsed, type Register } from './register.ts';
import type { ToolStore } from './registry.ts';
import type { Tool } from './tool.ts';

export interface RegisterFilesOptions {
  readonly store: ToolStore;
  readonly register: Register;
  readonly options: RegisterOptions;
  /** A file that somebody named: what is wrong with it is thrown, not told. */
  readonly alone: boolean;
  /** What the files of Python say of themselves, where they were read. */
  readonly python: ReadonlyMap<string, PythonFacts>;
  /** Where files are that are as they were: their tools stay what they are. */
  readonly unchanged: ReadonlySet<string>;
  /** Told of each that may be a tool. */
  readonly onFound: (file: ToolFile) => void;
  /** Told of what is kept out because of its file: it leads elsewhere, is not what it says it is, or uses what it does not ask for. */
  readonly onKeptOut: (file: ToolFile, error: SandglassError) => void;
}

/** Registers what the files are, in order of path. What a file brought before and does not bring any more goes; one that fails changes nothing. */
export function registerFiles(
  files: readonly ToolFile[],
  { store, register, options, alone, python, unchanged, onFound, onKeptOut }: RegisterFilesOptions,
): LoadReport {
  const registered: Tool[] = [];
  const skipped: SkippedFile[] = [];
  for (const file of files) {
    const before = store.from(file.at);
    if (unchanged.has(file.at)) {
      registered.push(...before);
      continue;
    }
    try {
      if (file.refused === undefined) onFound(file);
      const leftOut: SandglassError[] = [];
      const onLeftOut = (error: SandglassError): void => void leftOut.push(error);
      const tools = registerFile(file, register, { options, facts: python.get(file.path), onLeftOut });
      skipped.push(...leftOut.map((error) => ({ path: file.path, error: error.toJSON() })));
      const names = new Set(tools.map(({ manifest: { name } }) => name));
      for (const { manifest } of before) if (!names.has(manifest.name)) store.remove(manifest.name);
      registered.push(...tools);
    } catch (error) {
      // Of a file with several tools some may have been taken already.
      putBack(store, file.at, before);
      if (!(error instanceof SandglassError)) throw error;
      if (file.noise !== true && isKeptOut(file, error)) onKeptOut(file, error);
      if (alone) throw error;
      skipped.push({
        path: file.path,
        error: error.toJSON(),
        ...(asksForMore(error) ? { quarantined: true as const } : {}),
      });
    }
  }
  return { registered: registered.map(infoOf), skipped };
}

function putBack(store: ToolStore, at: string, before: readonly Tool[]): void {
  const now = store.from(at);
  if (now.length === before.length && now.every((tool) => before.includes(tool))) return;
  for (const { manifest } of now) store.remove(manifest.name);
  for (const tool of before) store.add(tool, true);
}

const isKeptOut = ({ refused }: ToolFile, error: SandglassError): boolean =>
  refused !== undefined ||
  error.code === 'MODULE_INVALID' ||
  (error.code !== 'CAPABILITY_DENIED' && asksForMore(error));

/** It is a tool, and kept out because of what it would touch. */
const asksForMore = ({ code, details }: SandglassError): boolean =>
  code === 'CAPABILITY_DENIED' ||
  (Array.isArray(details?.errors) && details.errors.some((fault) => Object(fault).rule === 'capabilities'));

interface FileRules {
  readonly options: RegisterOptions;
  readonly facts: PythonFacts | undefined;
  readonly onLeftOut: (error: SandglassError) => void;
}

function registerFile(
  file: ToolFile,
  register: Register,
  { options, facts, onLeftOut }: FileRules,
): readonly Tool[] {
  const { path, at, bytes, manifest, refused, modules } = file;
  const origin: Origin = { path, at, onLeftOut };
  if (refused !== undefined) throw new SandglassError('INPUT_INVALID', `Cannot register ${path}: ${refused}`);
  const beside = manifest === undefined ? undefined : parsed(manifest, origin);
  const language = toolFileKind(path);
  if (language === 'wasm') {
    if (!isWasm(bytes))
      throw new SandglassError(
        'MODULE_INVALID',
        `Cannot register ${path}: it does not begin as a .wasm does`,
      );
    return register(beside, { module: bytes }, options, origin);
  }
  if (language === undefined)
    throw new SandglassError('UNSUPPORTED', `Cannot register ${path}: no kind of tool has this ending`);
  const code = decode(bytes, path);
  const given = beside ?? headManifest(code, path);
  if (facts?.error !== undefined)
    throw new SandglassError('MANIFEST_INVALID', `Cannot register ${path}: ${facts.error}`, {
      details: { file: path },
    });
  // What a shell script reaches, the gate alone can tell.
  const needs =
    language === 'python' ? (facts?.needs ?? []) : language === 'shell' ? [] : javascriptNeeds(code);
  if (given === undefined && facts !== undefined && facts.tools.length > 0)
    return registerDecorated({ path, code }, facts, register, options, origin);
  refuseUndeclared(path, needs, capabilitiesOf(given));
  if (given === undefined)
    throw new SandglassError('MANIFEST_INVALID', `Cannot register ${path}: it has no manifest`, {
      details: { file: path },
      hint: 'Begin the file with a comment "sandglass:tool" followed by the manifest as JSON, or put it beside the file as NAME.json',
    });
  const handler: ToolHandler = {
    language,
    code,
    filename: path.slice(path.lastIndexOf('/') + 1),
    ...defined({ modules }),
  };
  return register(given, handler, options, origin);
}

const isWasm = (bytes: Uint8Array): boolean =>
  [0x00, 0x61, 0x73, 0x6d].every((byte, at) => bytes[at] === byte);

function decode(bytes: Uint8Array, path: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new SandglassError('INPUT_INVALID', `Cannot register ${path}: it is not UTF-8 text`);
  }
}

/** Of what may be a manifest: whether it is one is checked when it is registered. */
function capabilitiesOf(manifest: unknown): readonly unknown[] {
  const list: unknown =
    typeof manifest === 'object' && manifest !== null ? Reflect.get(manifest, 'capabilities') : undefined;
  return Array.isArray(list) ? list : [];
}

/** Each function of a Python file that `@tool` decorates, with a manifest of its annotations and its docstring. */
function registerDecorated(
  file: PythonFile,
  { tools, needs }: PythonFacts,
  register: Register,
  options: RegisterOptions,
  origin: Origin,
): readonly Tool[] {
  const { path } = file;
  // Which function uses what is not told apart: each asks for what the file needs, or none is let in.
  for (const { fields } of tools) refuseUndeclared(path, needs, capabilitiesOf(fields));
  const filename = path.slice(path.lastIndexOf('/') + 1);
  return tools.flatMap((one) => {
    const manifest = {
      name: one.function,
      description: one.description === '' ? `The function ${one.function} of ${filename}` : one.description,
      input: one.input,
      ...one.fields,
    };
    return register(
      manifest,
      { language: 'python', code: decoratedCode(file, one), filename: `call ${filename}` },
      options,
      origin,
    );
  });
}
