import { PYTHON_MINOR } from './python-version.ts';
import { normalName } from './requirement.ts';

/** What a wheel's file name says (PEP 427). */
export interface WheelName {
  readonly file: string;
  /** Normalised. */
  readonly name: string;
  readonly version: string;
  /** How well it fits: 0 is best. */
  readonly rank: number;
}

/** The binary interface of the interpreter (PEP 783). */
const PLATFORM = /^(?:pyemscripten_2026_0|emscripten_5_0_3)_wasm32$/;

/** As long as names of files are. */
const MAX_NAME = 255;
/** Combinations of what a name says that it runs on. */
const MAX_TAGS = 1000;

/** @returns `undefined` for what is not a wheel, or one that our Python cannot use. */
export function readWheelName(file: string): WheelName | undefined {
  if (file.length > MAX_NAME) return undefined;
  const parts = file.endsWith('.whl') && !/[/\\\0]/.test(file) ? file.slice(0, -4).split('-') : [];
  if (parts.length !== 5 && parts.length !== 6) return undefined;
  const [name = '', version = ''] = parts;
  const [pythons = '', abis = '', platforms = ''] = parts.slice(-3);
  const tags = [pythons, abis, platforms].map((part) => part.split('.').length);
  if (tags.reduce((product, count) => product * count, 1) > MAX_TAGS) return undefined;
  let rank: number | undefined;
  for (const python of pythons.split('.'))
    for (const abi of abis.split('.'))
      for (const platform of platforms.split('.')) {
        const fits = rankOf(python, abi, platform);
        if (fits !== undefined && (rank === undefined || fits < rank)) rank = fits;
      }
  return rank === undefined ? undefined : { file, name: normalName(name), version, rank };
}

function rankOf(python: string, abi: string, platform: string): number | undefined {
  const [, implementation = '', minor = ''] = /^(cp|py)3(\d*)$/.exec(python) ?? [];
  if (implementation === '') return undefined;
  if (PLATFORM.test(platform)) {
    if (abi === `cp3${PYTHON_MINOR}` && python === `cp3${PYTHON_MINOR}`) return 0;
    if (abi === 'abi3' && implementation === 'cp' && Number(minor) <= PYTHON_MINOR) return 1;
    return abi === 'none' && Number(minor) <= PYTHON_MINOR ? 2 : undefined;
  }
  if (platform !== 'any' || abi !== 'none') return undefined;
  if (implementation === 'cp') return Number(minor) === PYTHON_MINOR ? 3 : undefined;
  return minor === '' || Number(minor) <= PYTHON_MINOR ? 4 : undefined;
}
