/**
 * The guest's linear memory. It is empty until an instance is bound. Views are made anew after each growth; no access is made before `holds` has
 * said so.
 */
export class GuestMemory {
  #memory: WebAssembly.Memory | undefined;
  #bytes = new Uint8Array();
  #view = new DataView(new ArrayBuffer(0));

  bind(memory: WebAssembly.Memory | undefined): void {
    this.#memory = memory;
  }

  get byteLength(): number {
    return this.#memory?.buffer.byteLength ?? 0;
  }

  get bytes(): Uint8Array<ArrayBuffer> {
    this.#refresh();
    return this.#bytes;
  }

  get view(): DataView<ArrayBuffer> {
    this.#refresh();
    return this.#view;
  }

  /** Whether `length` bytes from `pointer` lie inside. Both are whole and not negative. */
  holds(pointer: number, length: number): boolean {
    return pointer + length <= this.byteLength;
  }

  #refresh(): void {
    if (this.#memory === undefined) return;
    const buffer = this.#memory.buffer as ArrayBuffer; // the guard refuses shared memories
    if (this.#view.buffer === buffer) return;
    this.#bytes = new Uint8Array(buffer);
    this.#view = new DataView(buffer);
  }
}
