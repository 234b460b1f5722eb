import type { RegisterOptions, ToolHandler } from '../contracts/api/tool-handler.ts';
import type { LoadReport, SkippedFile } from '../contracts/api/tool-registry.ts';
import type { ToolFile } from '../contracts/platform.ts';
import { SandglassError } from '../vocabulary/errors.ts';
import { javascriptNeeds } from './discover/javascript-needs.ts';
import { refuseUndeclared } from './discover/needs.ts';
import { decoratedCode, type PythonFacts, type PythonFile } from './discover/python-analysis.ts';
import { infoOf } from './info.ts';
import { headManifest } from './manifest/head-manifest.ts';
import { parsed, type Register } from './register.ts';
import type { Tool } from './tool.ts';

/** Languages by the ending of a file. */
const LANGUAGES: Readonly<Record<string, string>> = {
  js: 'javascript',
  mjs: 'javascript',
  ts: 'typescript',
  py: 'python',
};

/**
 * Registers what the files are, in order of path.
 * @param alone A file that somebody named: what is wrong with it is thrown, not told.
 * @param python What the files of Python say of themselves, where they were read.
 */
export function registerFiles(
  files: readonly ToolFile[],
  register: Register,
  options: RegisterOptions,
  alone: boolean,
  python: ReadonlyMap<string, PythonFacts> = new Map(),
): LoadReport {
  const registered: Tool[] = [];
  const skipped: SkippedFile[] = [];
  for (const file of files) {
    try {
      registered.push(...registerFile(file, register, options, python.get(file.path)));
    } catch (error) {
      if (alone || !(error instanceof SandglassError)) throw error;
      skipped.push({
        path: file.path,
        error: error.toJSON(),
        ...(asksForMore(error) ? { quarantined: true as const } : {}),
      });
    }
  }
  return { registered: registered.map(infoOf), skipped };
}

/** It is a tool, and kept out because of what it would touch. */
const asksForMore = ({ code, details }: SandglassError): boolean =>
  code === 'CAPABILITY_DENIED' ||
  (Array.isArray(details?.errors) && details.errors.some((fault) => Object(fault).rule === 'capabilities'));

function registerFile(
  file: ToolFile,
  register: Register,
  options: RegisterOptions,
  facts: PythonFacts | undefined,
): readonly Tool[] {
  const { path, bytes, manifest, refused } = file;
  const origin = { path };
  if (refused !== undefined) throw new SandglassError('INPUT_INVALID', `Cannot register ${path}: ${refused}`);
  const beside = manifest === undefined ? undefined : parsed(manifest, origin);
  const ending = path.slice(path.lastIndexOf('.') + 1);
  if (ending === 'wasm') {
    if (!isWasm(bytes))
      throw new SandglassError(
        'MODULE_INVALID',
        `Cannot register ${path}: it does not begin as a .wasm does`,
      );
    return register(beside, { module: bytes }, options, origin);
  }
  const language = LANGUAGES[ending];
  if (language === undefined)
    throw new SandglassError('UNSUPPORTED', `Cannot register ${path}: no kind of tool ends in .${ending}`);
  const code = decode(bytes, path);
  const given = beside ?? headManifest(code, path);
  if (facts?.error !== undefined)
    throw new SandglassError('MANIFEST_INVALID', `Cannot register ${path}: ${facts.error}`, {
      details: { file: path },
    });
  const needs = language === 'python' ? (facts?.needs ?? []) : javascriptNeeds(code);
  if (given === undefined && facts !== undefined && facts.tools.length > 0)
    return registerDecorated({ path, code }, facts, register, options);
  refuseUndeclared(path, needs, capabilitiesOf(given));
  if (given === undefined)
    throw new SandglassError('MANIFEST_INVALID', `Cannot register ${path}: it has no manifest`, {
      details: { file: path },
      hint: 'Begin the file with a comment "sandglass:tool" followed by the manifest as JSON, or put it beside the file as NAME.json',
    });
  const handler: ToolHandler = { language, code, filename: path.slice(path.lastIndexOf('/') + 1) };
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
      { path },
    );
  });
}
