import type { Engine, GuestSource } from '../contracts/engine.ts';
import { SandglassError } from '../vocabulary/errors.ts';
import { didYouMeanLanguage } from '../vocabulary/languages.ts';
import { didYouMean } from '../vocabulary/nearest.ts';

/**
 * The engine that takes a source.
 * @param wanted Name of an engine, where the caller chose one.
 * @throws {SandglassError} UNSUPPORTED when none does, or the one that was chosen does not.
 */
export function chooseEngine(
  source: GuestSource,
  wanted: string | undefined,
  engines: readonly Engine[],
): Engine {
  const chosen = wanted === undefined ? undefined : byName(wanted, engines);
  if (source.kind === 'script')
    return forLanguage(source.language, chosen === undefined ? engines : [chosen], engines);
  if (chosen === undefined)
    return byName(
      source.prebuilt !== undefined || isComponent(source.bytes) ? 'component' : 'preview1',
      engines,
    );
  if (chosen.languages.length === 0) return chosen;
  throw unsupported(
    `Cannot run ${source.name}: engine "${chosen.name}" takes ${chosen.languages.join(', ')}, not a .wasm`,
    engines.filter(({ languages }) => languages.length === 0),
  );
}

function byName(name: string, engines: readonly Engine[]): Engine {
  const found = engines.find((engine) => engine.name === name);
  if (found !== undefined) return found;
  const near = didYouMean(
    name,
    engines.map((engine) => engine.name),
  );
  throw unsupported(`Cannot run it: no engine ${shown(name)} here${near}`, engines);
}

const shown = (text: string): string => JSON.stringify(text.length > 64 ? `${text.slice(0, 64)}…` : text);

const unsupported = (message: string, engines: readonly Engine[]): SandglassError =>
  new SandglassError('UNSUPPORTED', message, {
    hint: `Known engines: ${engines.map(({ name }) => name).join(', ') || 'none'}`,
    details: { engines: engines.map(({ name }) => name) },
  });

function forLanguage(language: string, among: readonly Engine[], engines: readonly Engine[]): Engine {
  const found = among.find((engine) => engine.languages.includes(language));
  if (found !== undefined) return found;
  const taking = engines.filter((engine) => engine.languages.includes(language));
  const [chosen] = among;
  if (taking.length > 0 && chosen !== undefined) {
    const takes = chosen.languages.join(', ') || 'a .wasm';
    throw unsupported(`Cannot run ${language}: engine "${chosen.name}" takes ${takes}`, taking);
  }
  const known = engines.flatMap((engine) => engine.languages);
  if (language === 'shell')
    throw new SandglassError(
      'UNSUPPORTED',
      'Cannot run shell: its interpreter is a WASI program of 8 MB, which is not part of this build for browsers and edge',
      { hint: 'Run it on Node, Deno or Bun', details: { languages: known } },
    );
  const near = didYouMeanLanguage(language, known);
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

/** A component says so in its header: layer 1 in the upper half of the version field (component-model binary format). */
const isComponent = (bytes: Uint8Array): boolean => bytes[6] === 1 && bytes[7] === 0;
