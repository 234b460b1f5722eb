import { resolve } from 'node:path';
import type { LoadReport } from '../../../contracts/api/tool-registry.ts';
import type { ToolsApi } from '../../../contracts/api/tools.ts';
import { mustExist, noSuchTool } from '../tool-flags.ts';
import { UsageError } from '../usage-error.ts';

/** A tool by its name, or by the file or folder that holds it; `FILE#NAME` where it holds several. */
export type Target =
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'path'; readonly path: string; readonly name: string | undefined };

/** Names have neither slashes nor the endings of files. */
export function targetOf(text: string): Target {
  const at = text.lastIndexOf('#');
  const path = at < 0 ? text : text.slice(0, at);
  if (!looksLikePath(path)) return { kind: 'name', name: text };
  return { kind: 'path', path, name: at < 0 ? undefined : text.slice(at + 1) };
}

const looksLikePath = (text: string): boolean =>
  /[/\\]/.test(text) || text === '.' || text === '..' || /\.(?:wasm|m?js|ts|py)$/i.test(text);

/**
 * The name of the one tool that is meant, once its file is loaded.
 * @throws {UsageError | SandglassError} when there is none, or several of which none is named.
 */
export async function nameOf(target: Target, tools: ToolsApi, cwd: string): Promise<string> {
  const before = await tools.ready();
  if (target.kind === 'name') {
    const found = tools.info(target.name);
    if (found === undefined) throw noSuchTool(target.name, namesOf(tools), before);
    return found.name;
  }
  const report = await loadPath(target.path, tools, cwd);
  const names = report.registered.map(({ name }) => name);
  const { name } = target;
  if (name !== undefined) {
    if (!names.includes(name)) throw noSuchTool(name, names, report);
    return name;
  }
  const [only, ...others] = names;
  if (only === undefined) throw noTools(target.path, report);
  if (others.length > 0)
    throw new UsageError(
      `Cannot tell which tool of "${target.path}" is meant: it has ${names.length}`,
      `Name one: ${names
        .slice(0, 8)
        .map((each) => `${target.path}#${each}`)
        .join(', ')}`,
    );
  return only;
}

export async function loadPath(path: string, tools: ToolsApi, cwd: string): Promise<LoadReport> {
  const full = resolve(cwd, path);
  await mustExist(full, cwd);
  return tools.load(full);
}

const namesOf = (tools: ToolsApi): readonly string[] =>
  tools.list().flatMap(({ name, aliases }) => [name, ...aliases]);

const noTools = (path: string, { skipped }: LoadReport): UsageError =>
  new UsageError(
    `Cannot find a tool in "${path}"`,
    skipped.length === 0
      ? 'A tool is a .wasm, .js, .ts or .py with a manifest; sandglass tools new NAME begins one'
      : `Skipped: ${skipped
          .slice(0, 5)
          .map(({ path: file, error }) => `${file} (${error.message})`)
          .join('; ')}`,
  );
