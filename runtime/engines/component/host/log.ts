import type { ComponentRun } from '../component-run.ts';

/** `sandglass:host/log`: one line on stderr. */
export const logInterface = (run: ComponentRun) => ({
  write: (level: string, message: string): void => {
    run.check();
    run.write('stderr', new TextEncoder().encode(`${level}: ${message}\n`));
  },
});
