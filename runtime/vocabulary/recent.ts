interface Kept<Value> {
  readonly value: Value;
  bytes: number;
}

/** The last few values by key, held to a number and to bytes; reading one keeps it, the one not read for longest goes first. */
export class Recent<Value> {
  readonly #capacity: number;
  readonly #maxBytes: number;
  readonly #values = new Map<string, Kept<Value>>();
  #bytes = 0;

  constructor(capacity: number, maxBytes: number = Number.POSITIVE_INFINITY) {
    this.#capacity = capacity;
    this.#maxBytes = maxBytes;
  }

  get size(): number {
    return this.#values.size;
  }

  /** The one read last comes first. Reading them so keeps none. */
  values(): readonly Value[] {
    return [...this.#values.values()].reverse().map(({ value }) => value);
  }

  get(key: string): Value | undefined {
    const kept = this.#values.get(key);
    if (kept === undefined) return undefined;
    this.#values.delete(key);
    this.#values.set(key, kept);
    return kept.value;
  }

  set(key: string, value: Value, bytes = 0): void {
    this.delete(key);
    this.#values.set(key, { value, bytes });
    this.#bytes += bytes;
    this.#trim();
  }

  /** Tells what a value weighs, once that is known; one that is too heavy alone is not kept. */
  weigh(key: string, value: Value, bytes: number): void {
    const kept = this.#values.get(key);
    if (kept?.value !== value) return;
    this.#bytes += bytes - kept.bytes;
    kept.bytes = bytes;
    this.#trim();
  }

  delete(key: string): void {
    this.#bytes -= this.#values.get(key)?.bytes ?? 0;
    this.#values.delete(key);
  }

  /** Drops from the one not read for longest, as long as they are past. */
  dropWhile(past: (value: Value) => boolean): void {
    for (const [key, { value }] of this.#values) {
      if (!past(value)) break;
      this.delete(key);
    }
  }

  #trim(): void {
    for (const key of this.#values.keys()) {
      if (this.#values.size <= this.#capacity && this.#bytes <= this.#maxBytes) return;
      this.delete(key);
    }
  }
}
