import type { OutputChunk } from '../contracts/api/run.ts';

/** The output of one run. */
export interface CollectedOutput {
  readonly take: (stream: OutputChunk['stream'], bytes: Uint8Array) => void;
  /** Of both streams so far. */
  readonly bytes: () => number;
  /** Both streams as text. Called once, after the last bytes. */
  readonly end: () => { readonly stdout: string; readonly stderr: string };
}

/** Gathers both streams as text, and passes their bytes on as they come. */
export function collectOutput(onOutput: ((chunk: OutputChunk) => void) | undefined): CollectedOutput {
  const streams = {
    stdout: { decoder: new TextDecoder(), parts: [] as string[] },
    stderr: { decoder: new TextDecoder(), parts: [] as string[] },
  };
  let total = 0;
  const emit = (stream: OutputChunk['stream'], text: string, bytes: Uint8Array): void => {
    if (text === '' && bytes.byteLength === 0) return;
    streams[stream].parts.push(text);
    onOutput?.({ stream, text, bytes });
  };
  return {
    take: (stream, bytes) => {
      total += bytes.byteLength;
      emit(stream, streams[stream].decoder.decode(bytes, { stream: true }), bytes);
    },
    bytes: () => total,
    end: () => {
      emit('stdout', streams.stdout.decoder.decode(), new Uint8Array());
      emit('stderr', streams.stderr.decoder.decode(), new Uint8Array());
      return { stdout: streams.stdout.parts.join(''), stderr: streams.stderr.parts.join('') };
    },
  };
}
