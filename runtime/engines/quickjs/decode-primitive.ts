/** Texts that may be decoded in pieces at once; the oldest is forgotten for a further one. */
const MOST_STREAMS = 64;

/** The platform's decoders for the encodings that the guest has none of its own for. */
export interface Decoders {
  /** JSON of the text, or of the encoding's name for `stream` -1; empty for what is none. */
  decode(bytes: Uint8Array, label: string, fatal: boolean, stream: number, last: boolean): string;
}

export function createDecoders(): Decoders {
  const streams = new Map<number, TextDecoder>();
  return {
    decode: (bytes, label, fatal, stream, last) => {
      try {
        const decoder = streams.get(stream) ?? new TextDecoder(label, { fatal });
        if (stream < 0) return JSON.stringify(decoder.encoding);
        if (stream > 0 && !last) {
          streams.set(stream, decoder);
          const [oldest] = streams.keys();
          if (streams.size > MOST_STREAMS && oldest !== undefined) streams.delete(oldest);
        } else streams.delete(stream);
        return JSON.stringify(decoder.decode(bytes, { stream: !last }));
      } catch {
        return ''; // no such encoding, or bytes that are none of it: the prelude throws the guest's own error
      }
    },
  };
}
