import type { Described } from '../contracts/described-tool.ts';
import { guardBinary } from '../wasm/guard.ts';
import { inspectBinary } from '../wasm/inspect.ts';
import { invalid } from '../wasm/invalid.ts';
import { readCustomSection } from '../wasm/read-custom-section.ts';

/** The custom section that carries a tool's manifest. */
const MANIFEST_SECTION = 'sandglass:manifest';

const MOST_BYTES = 1_048_576;

/**
 * What untrusted bytes say of themselves as a tool; the guard looks first, as in a run.
 * @throws {SandglassError} MODULE_INVALID
 */
export function describeTool(
  bytes: Uint8Array<ArrayBuffer>,
): Omit<Described, 'isTool' | 'exports' | 'handles'> {
  guardBinary(bytes);
  const { kind, imports, worldImports } = inspectBinary(bytes);
  const section = readCustomSection(bytes, MANIFEST_SECTION);
  if (section !== undefined && section.length > MOST_BYTES)
    throw invalid(`its manifest is over ${MOST_BYTES} bytes`);
  const names = [
    ...imports.map(({ module, name }) => `${module}#${name}`),
    ...worldImports.map(({ name }) => name),
  ];
  return {
    kind: kind === 'component' ? 'component' : 'command',
    manifest: section === undefined ? undefined : decode(section),
    imports: [...new Set(names)].sort(),
  };
}

function decode(section: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(section);
  } catch {
    throw invalid('its manifest is not UTF-8 text');
  }
}
