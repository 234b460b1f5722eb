import type { Engine, GuestSource } from '../contracts/engine.ts';
import { SandglassError } from '../vocabulary/errors.ts';
import { didYouMean } from '../vocabulary/nearest.ts';

/**
 * The engine that takes a source.
 * @param wanted Name of a wasm engine, where the caller chose one.
 * @throws {SandglassError} UNSUPPORTED when none does.
 */
export function chooseEngine(
  source: GuestSource,
  wanted: string | undefined,
  engines: readonly Engine[],
): Engine {
  return source.kind === 'script' ? forLanguage(source.language, engines) : forWasm(source, wanted, engines);
}

function forLanguage(language: string, engines: readonly Engine[]): Engine {
  const found = engines.find((engine) => engine.languages.includes(language));
  if (found !== undefined) return found;
  const known = engines.flatMap((engine) => engine.languages);
  const near = didYouMean(language, known);
  throw new SandglassError(
    'UNSUPPORTED',
    near === ''
      ? `Cannot run ${language}: no engine here takes its source, only what it was compiled to, a .wasm`
      : `Cannot run ${language}: no engine here has a language of this name${near}`,
    {
      hint: `Known languages: ${known.join(', ')}. Compile any other to a .wasm and pass module`,
      details: { languages: known },
    },
  );
}

function forWasm(
  source: Extract<GuestSource, { kind: 'wasm' }>,
  wanted: string | undefined,
  engines: readonly Engine[],
): Engine {
  const name =
    wanted ?? (source.prebuilt !== undefined || isComponent(source.bytes) ? 'component' : 'preview1');
  const ofWasm = engines.filter((engine) => engine.languages.length === 0);
  const found = ofWasm.find((engine) => engine.name === name);
  if (found !== undefined) return found;
  throw new SandglassError('UNSUPPORTED', `Cannot run ${source.name}: no engine "${name}" here`, {
    hint: `Known wasm engines: ${ofWasm.map((engine) => engine.name).join(', ') || 'none'}`,
  });
}

/** A component says so in its header: layer 1 in the upper half of the version field (component-model binary format). */
const isComponent = (bytes: Uint8Array): boolean => bytes[6] === 1 && bytes[7] === 0;
