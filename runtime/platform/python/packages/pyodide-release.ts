import { readLoader } from '../pyodide-files.ts';

/**
 * The address that the installed package pyodide itself would bring its packages from; `undefined` if its loader does not say. It writes it as
 * a template: an https address, `/v${…}` for its version, `/full/`.
 */
export async function releaseAddress(): Promise<URL | undefined> {
  const { version, loader } = await readLoader();
  const end = loader.indexOf('}/full/`');
  const mark = loader.lastIndexOf('/v${', end);
  const start = loader.lastIndexOf('`', mark) + 1;
  const address = `${loader.slice(start, mark)}/v${version}/full/`;
  return end > mark && mark > start && address.startsWith('https://') && URL.canParse(address)
    ? new URL(address)
    : undefined;
}
