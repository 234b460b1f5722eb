/** What a file that may be a tool holds, by its ending: a language, or `wasm`. One place for all who look for tools. */
export const TOOL_ENDINGS: Readonly<Record<string, string>> = Object.freeze({
  wasm: 'wasm',
  js: 'javascript',
  mjs: 'javascript',
  ts: 'typescript',
  py: 'python',
  sh: 'shell',
});

/** What kind of tool a file would be; `undefined` for one that is none by its name. */
export function toolFileKind(name: string): string | undefined {
  const at = name.lastIndexOf('.');
  const ending = at < 0 ? '' : name.slice(at + 1);
  return Object.hasOwn(TOOL_ENDINGS, ending) ? TOOL_ENDINGS[ending] : undefined;
}

/** Which files of a folder are looked at; see `DiscoverOptions`. */
export interface ToolChoice {
  readonly include?: readonly string[];
  readonly exclude?: readonly string[];
  readonly maxBytes?: number;
  /** Folders deep, from the one that is named. */
  readonly maxDepth: number;
  readonly kind?: string;
}
