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
  const streams = { stdout: openText(), stderr: openText() };
  let total = 0;
  const emit = (stream: OutputChunk['stream'], text: string, bytes: Uint8Array): void => {
    if (text === '' && bytes.byteLength === 0) return;
    streams[stream].parts.push(text);
    onOutput?.({ stream, text, bytes });
  };
  return {
    take: (stream, bytes) => {
      total += bytes.byteLength;
      emit(stream, streams[stream].decode(bytes), bytes);
    },
    bytes: () => total,
    end: () => {
      emit('stdout', streams.stdout.rest(), new Uint8Array());
      emit('stderr', streams.stderr.rest(), new Uint8Array());
      return { stdout: streams.stdout.parts.join(''), stderr: streams.stderr.parts.join('') };
    },
  };
}

/** Text of one stream. Most runs print nothing, and a decoder takes longer to make than all else here. */
function openText() {
  let decoder: TextDecoder | undefined;
  return {
    parts: [] as string[],
    decode: (bytes: Uint8Array): string => {
      decoder ??= new TextDecoder();
      return decoder.decode(bytes, { stream: true });
    },
    /** What a character that was cut off by the end becomes. */
    rest: (): string => decoder?.decode() ?? '',
  };
}
