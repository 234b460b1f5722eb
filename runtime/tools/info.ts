import type { ToolInfo } from '../contracts/api/tool-registry.ts';
import { defined } from '../vocabulary/defined.ts';
import { languageName } from '../vocabulary/languages.ts';
import { kindOf, type Tool } from './tool.ts';

/** A tool as listings show it. */
export function infoOf(tool: Tool): ToolInfo {
  const { manifest, body, imports, path, uses } = tool;
  return {
    name: manifest.name,
    version: manifest.version,
    description: manifest.description,
    kind: kindOf(tool),
    trusted: body.kind === 'trusted',
    ...defined({
      language: body.kind === 'script' ? languageName(body.script.language) : undefined,
      path,
      server: body.kind === 'remote' ? body.remote.server : undefined,
    }),
    aliases: manifest.aliases,
    category: manifest.category ?? null,
    tags: manifest.tags,
    keywords: manifest.keywords,
    input: manifest.input,
    output: manifest.output ?? null,
    examples: manifest.examples,
    capabilities: manifest.capabilities,
    limits: manifest.limits,
    dangerous: manifest.dangerous,
    cacheable: manifest.cacheable,
    idempotent: manifest.idempotent,
    requiresAuth: manifest.requiresAuth,
    settings: manifest.settings,
    pipe: manifest.pipe ?? null,
    imports,
    uses: uses.uses(),
  };
}
