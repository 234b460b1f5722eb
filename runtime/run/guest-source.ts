import type { GuestSource } from '../contracts/engine.ts';
import { moduleTooLarge } from '../vocabulary/module-size.ts';
import { programName } from './program-name.ts';
import type { RunRequest } from './read-run-options.ts';
import type { SandboxContext } from './sandbox-context.ts';

const ENDINGS: Readonly<Record<string, string>> = {
  javascript: 'js',
  typescript: 'ts',
  python: 'py',
  shell: 'sh',
};

/**
 * What an engine prepares; a module that was named by its path is read now.
 * @param turn Which run of its session it is: programs of one session have names of their own, so that their errors can be told apart.
 */
export async function guestSourceOf(
  request: RunRequest,
  turn: number | undefined,
  { readModule, maxModuleBytes }: Pick<SandboxContext, 'readModule' | 'maxModuleBytes'>,
): Promise<GuestSource> {
  const { source } = request;
  if (source.kind === 'script') {
    const { language, code, form } = source;
    const ending = Object.hasOwn(ENDINGS, language) ? ENDINGS[language] : 'txt';
    return {
      kind: 'script',
      language,
      code,
      form,
      modules: request.modules,
      filename: request.filename ?? `${turn === undefined ? 'main' : `run-${turn}`}.${ending}`,
    };
  }
  const name = programName(request);
  if (source.kind === 'prebuilt') {
    return { kind: 'wasm', bytes: new Uint8Array(), hash: '', name, prebuilt: source.component };
  }
  const taken = source.kind === 'file' ? await readModule(source.path) : source;
  const { byteLength } = taken.bytes;
  if (byteLength > maxModuleBytes) throw moduleTooLarge(name, byteLength, maxModuleBytes);
  return { kind: 'wasm', bytes: taken.bytes, hash: await taken.hash, name };
}
