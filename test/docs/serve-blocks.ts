// The process in which the TypeScript blocks of all documents run, one after the other: each one's module is imported once, and what it
// prints is told.
import process from 'node:process';
import { pathToFileURL } from 'node:url';

const write = process.stdout.write.bind(process.stdout);

process.on('message', async ({ file, env }: { readonly file: string; readonly env: NodeJS.ProcessEnv }) => {
  Object.assign(process.env, env);
  let stdout = '';
  process.stdout.write = ((chunk: unknown) => {
    stdout += String(chunk);
    return true;
  }) as typeof process.stdout.write; // console.log passes text alone
  let failure: string | undefined;
  try {
    await import(pathToFileURL(file).href);
  } catch (error) {
    failure = error instanceof Error ? (error.stack ?? error.message) : String(error);
  }
  process.stdout.write = write;
  process.send?.({ stdout, failure });
});
