/**
 * Messages to a process, whose channel copies each as a whole in one step: large bytes go ahead of their message, in pieces, and the next piece
 * only when the one before is on its way. What is said meanwhile waits, so that the order stays.
 */
export interface Parcels {
  /** @param handed Called once the message is in nobody's hands here any more. */
  post(message: object, handed?: () => void): void;
}

/** Bytes of one piece: some milliseconds of a copy. */
const PIECE_BYTES = 1_048_576;
export interface PieceMessage {
  readonly type: 'piece';
  /** The field that stands for bytes in the message; nobody else can know it. */
  readonly mark: string;
  /** Which of the bytes of the message that follows. */
  readonly of: number;
  readonly size: number;
  readonly at: number;
  readonly bytes: Uint8Array;
}

/** @param send Resolves once the message is out of our hands. */
export function createParcels(send: (message: object) => Promise<void>): Parcels {
  const mark = crypto.randomUUID();
  const waiting: { readonly message: object; readonly handed: (() => void) | undefined }[] = [];
  let going = false;
  const drain = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const large: Uint8Array[] = [];
      const light = swap(next.message, (item) => {
        if (!(item instanceof Uint8Array) || item.byteLength <= PIECE_BYTES) return undefined;
        large.push(item);
        return { [mark]: large.length - 1 };
      });
      for (const [of, bytes] of large.entries()) {
        for (let at = 0; at < bytes.byteLength; at += PIECE_BYTES) {
          const piece: PieceMessage = {
            type: 'piece',
            mark,
            of,
            size: bytes.byteLength,
            at,
            bytes: bytes.subarray(at, at + PIECE_BYTES),
          };
          await send(piece);
        }
      }
      void send(light as object); // an object was given
      next.handed?.();
    }
    going = false;
  };
  return {
    post: (message, handed) => {
      if (!going && !mayHoldBytes(message)) {
        void send(message);
        handed?.();
        return;
      }
      waiting.push({ message, handed });
      if (going) return;
      going = true;
      void drain();
    },
  };
}

/** Only these carry modules and what guests share. */
const mayHoldBytes = (message: object): boolean =>
  'type' in message && (message.type === 'warm' || message.type === 'run' || message.type === 'args');

/** The other end. */
export interface OpenedParcels {
  take(piece: PieceMessage): void;
  /** The message with the bytes that came ahead of it. */
  whole(message: object): object;
}

export function openParcels(): OpenedParcels {
  let arrived: Uint8Array[] = [];
  let mark = '';
  return {
    take: ({ mark: given, of, size, at, bytes }) => {
      mark = given;
      const into = arrived[of] ?? new Uint8Array(size);
      arrived[of] = into;
      into.set(bytes, at);
    },
    whole: (message) => {
      if (arrived.length === 0) return message;
      const bytes = arrived;
      arrived = [];
      return swap(message, (item) => {
        if (typeof item !== 'object' || item === null || !Object.hasOwn(item, mark)) return undefined;
        return bytes[Number(Reflect.get(item, mark))];
      }) as object; // an object was given
    },
  };
}

/** A copy of plain data in which some parts are others; parts without such a one are the same objects. */
function swap(value: unknown, other: (item: unknown) => unknown): unknown {
  const found = other(value);
  if (found !== undefined) return found;
  if (Array.isArray(value)) {
    const items = value.map((item) => swap(item, other));
    return items.some((item, at) => item !== value[at]) ? items : value;
  }
  if (value instanceof Map) {
    const entries = [...value].map(([key, item]) => [key, swap(item, other)] as const);
    return entries.some(([key, item]) => item !== value.get(key)) ? new Map(entries) : value;
  }
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype)
    return value;
  const fields = Object.entries(value).map(([key, item]) => [key, swap(item, other)] as const);
  return fields.some(([key, item]) => item !== Reflect.get(value, key)) ? Object.fromEntries(fields) : value;
}
