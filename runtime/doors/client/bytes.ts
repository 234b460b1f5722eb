import type { ScriptRun } from '../../contracts/api/run.ts';

/** Bytes as JSON has them. */
const encoded = (content: unknown): unknown => {
  if (!(content instanceof Uint8Array)) return content;
  let text = '';
  for (let at = 0; at < content.length; at += 32_768)
    text += String.fromCharCode(...content.subarray(at, at + 32_768));
  return { $bytes: btoa(text) };
};

/** A run whose bytes JSON can hold. */
export const encodeBytes = ({
  stdin,
  files,
  ...run
}: Pick<Partial<ScriptRun>, 'stdin' | 'files'>): object => ({
  ...run,
  ...(stdin === undefined ? {} : { stdin: encoded(stdin) }),
  ...(files === undefined
    ? {}
    : {
        files: Object.fromEntries(Object.entries(files).map(([path, content]) => [path, encoded(content)])),
      }),
});

/** An outcome whose files are bytes again. */
export function decodeFiles<T extends { readonly files?: object }>(outcome: T): T {
  if (outcome.files === undefined) return outcome;
  const files = Object.entries(outcome.files as unknown as Record<string, { readonly $bytes: string }>).map(
    ([path, { $bytes }]) => [path, Uint8Array.from(atob($bytes), (one) => one.charCodeAt(0))] as const,
  );
  return { ...outcome, files: Object.fromEntries(files) };
}
