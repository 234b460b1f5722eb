import { copyJson } from '../vocabulary/copy-json.ts';
import { defined } from '../vocabulary/defined.ts';
import { SandglassError } from '../vocabulary/errors.ts';
import { isJsonObject, type JsonValue } from '../vocabulary/json.ts';
import { fitsJson } from '../vocabulary/json-weight.ts';
import type { ComponentPort } from '../wasm/component-ports.ts';
import { guardBinary } from '../wasm/guard.ts';
import { type CoreExport, inspectBinary } from '../wasm/inspect.ts';
import { PAGE_BYTES, type SizeLimits } from '../wasm/limits-type.ts';
import { readToolManifest } from '../wasm/tool-manifest.ts';
import { type ManifestReport, type MemoryReport, type ModuleReport, reportOf } from './module-report.ts';
import type { Port } from './port.ts';

/**
 * Reads what a `.wasm` says of itself; as a run does, it lets the guard look first.
 * @throws {SandglassError} MODULE_INVALID
 */
export function describeModule(bytes: Uint8Array<ArrayBuffer>): ModuleReport {
  guardBinary(bytes);
  const info = inspectBinary(bytes);
  return reportOf({
    kind: info.kind,
    bytes: bytes.byteLength,
    imports: [
      ...info.imports.map((port) => ({ module: port.module, ...corePort(port) })),
      ...info.worldImports.map(componentPort),
    ],
    exports: [...info.exports.map(corePort), ...info.worldExports.map(componentPort)],
    memories: info.memories.map(memoryReport),
    customSections: info.customSections,
    producers: info.producers,
    ...(info.kind === 'component' ? manifestOf(bytes) : {}),
  });
}

/** The manifest as far as it can be read; what is wrong with it stands in the place of its description. */
function manifestOf(bytes: Uint8Array): { readonly manifest?: ManifestReport } {
  try {
    const text = readToolManifest(bytes);
    if (text === undefined) return {};
    if (!fitsJson(text, { length: text.length, depth: 64, weight: 64 * text.length }))
      throw new TypeError('too deep');
    const parsed = copyJson(JSON.parse(text), 'the manifest');
    if (!isJsonObject(parsed)) throw new TypeError('no object');
    const { name, version, description, capabilities, input, output, examples } = parsed;
    const words = { name, version, description };
    return {
      manifest: {
        ...Object.fromEntries(Object.entries(words).filter(([, value]) => typeof value === 'string')),
        capabilities: namesOf(capabilities),
        ...defined({ input, output, examples }),
      },
    };
  } catch (error) {
    const reason = error instanceof SandglassError ? error.message : 'it is not a JSON object';
    return { manifest: { description: `Cannot be read: ${reason}`, capabilities: [] } };
  }
}

/** Names as they are, or of what they are narrowed to: `{ name, paths }`. */
const namesOf = (capabilities: JsonValue | undefined): readonly string[] =>
  (Array.isArray(capabilities) ? capabilities : []).flatMap((entry: JsonValue) => {
    const name = typeof entry === 'object' && entry !== null && isJsonObject(entry) ? entry.name : entry;
    return typeof name === 'string' ? [name] : [];
  });

const memoryReport = ({ minimum, maximum }: SizeLimits): MemoryReport => ({
  minimumBytes: minimum * PAGE_BYTES,
  ...(maximum === undefined ? {} : { maximumBytes: maximum * PAGE_BYTES }),
});

function corePort(port: CoreExport): Port {
  const { name, kind } = port;
  if (kind !== 'function') return { name, type: kind };
  const results = port.results.length === 0 ? '' : ` -> ${port.results.join(', ')}`;
  return { name, type: `func (${port.params.join(', ')})${results}` };
}

const componentPort = ({ name, kind }: ComponentPort): Port => ({ name, type: kind });
