import { headManifest } from '../tools/manifest/head-manifest.ts';
import { isJsonObject, type JsonValue } from '../vocabulary/json.ts';
import { SandglassError } from '../vocabulary/errors.ts';
import { addCustomSection } from '../wasm/add-custom-section.ts';
import { MANIFEST_SECTION } from '../wasm/tool-manifest.ts';

/** What a manifest tells of how its tool is built. Whether it is a manifest is checked when the tool is registered. */
export interface SourceManifest {
  /** As it goes into the `.wasm`: without what is of the folder only. */
  readonly text: string;
  readonly capabilities: readonly string[];
  /** The file that is the tool once it is built. */
  readonly entry: string | undefined;
}

/**
 * The manifest of a source: of a file of its own, else of the head comment.
 * @throws {SandglassError} MANIFEST_INVALID
 */
export function sourceManifest(given: {
  readonly path: string;
  readonly beside: string | undefined;
  readonly code: string | undefined;
}): SourceManifest {
  const { path, beside, code } = given;
  const found = beside === undefined ? headManifest(code ?? '', path) : parse(beside, path);
  if (found === undefined)
    throw new SandglassError('MANIFEST_INVALID', `Cannot build ${path}: it has no manifest`, {
      details: { file: path },
      hint: 'Begin the file with a comment "sandglass:tool" followed by the manifest as JSON, or put it ' +
'beside the file as manifest.json or NAME.json',
    });
  if (!isJsonObject(found as JsonValue))
    throw new SandglassError('MANIFEST_INVALID', `Cannot build ${path}: its manifest is not an object`);
  const { entry, ...manifest } = found as Readonly<Record<string, JsonValue>>;
  const list = Array.isArray(manifest.capabilities) ? manifest.capabilities : [];
  return {
    text: JSON.stringify(manifest),
    entry: typeof entry === 'string' ? entry : undefined,
    capabilities: list.flatMap((one: JsonValue) => {
      const name = typeof one === 'object' && one !== null && isJsonObject(one) ? one.name : one;
      return typeof name === 'string' ? [name] : [];
    }),
  };
}

/** A `.wasm` that carries its manifest. */
export const withManifest = (binary: Uint8Array, { text }: SourceManifest): Uint8Array<ArrayBuffer> =>
  addCustomSection(binary, MANIFEST_SECTION, new TextEncoder().encode(text));

function parse(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new SandglassError(
      'MANIFEST_INVALID',
      `Cannot build ${path}: its manifest is not JSON: ${error instanceof Error ? error.message.slice(0, 200) : ''}`,
    );
  }
}
