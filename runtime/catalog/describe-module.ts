import type { ComponentPort } from '../wasm/component-ports.ts';
import { guardBinary } from '../wasm/guard.ts';
import { type CoreExport, inspectBinary } from '../wasm/inspect.ts';
import { PAGE_BYTES, type SizeLimits } from '../wasm/limits-type.ts';
import { type MemoryReport, type ModuleReport, reportOf } from './module-report.ts';
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
  });
}

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
