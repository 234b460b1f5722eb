/** Texts that may be decoded in pieces at once; the oldest is forgotten for a further one. */
const MOST_STREAMS = 64;

/** The platform's decoders for the encodings that the guest has none of its own for. */
export interface Decoders {
  /** The text as `toldText` tells it, or JSON of the encoding's name for `stream` -1; empty for what is none. */
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
        return toldText(decoder.decode(bytes, { stream: !last }));
      } catch {
        return ''; // no such encoding, or bytes that are none of it: the prelude throws the guest's own error
      }
    },
  };
}

/**
 * A text on its way into a guest: as it is, or as JSON, which takes a guest ten times as long. JSON it must be with a NUL in it, which ends a text
 * of C, when it is empty, which means that there is none, and when it begins as JSON does.
 */
export const toldText = (text: string): string =>
  text === '' || text.startsWith('"') || text.includes('\0') ? JSON.stringify(text) : text;
