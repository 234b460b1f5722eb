import type { Platform } from '../contracts/platform.ts';
import { SandglassError } from '../vocabulary/errors.ts';
import type { KnownModules, TakenModule } from './known-modules.ts';

/** Reads and takes modules of the embedder's own by their paths, where the platform has files. */
export const readModules =
  (platform: Platform, modules: KnownModules, maxModuleBytes: number) =>
  async (path: string | URL): Promise<TakenModule> => {
    if (platform.readModule === undefined) throw noFiles(platform.info.name);
    return modules.take(await platform.readModule(path, maxModuleBytes));
  };

const noFiles = (platform: string): SandglassError =>
  new SandglassError('UNSUPPORTED', `Cannot read a module by its path: ${platform} has no files`, {
    hint: 'Pass its bytes',
  });
