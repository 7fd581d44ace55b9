// A C struct as bytes: fields are written by name, where its layout has them.

export interface RecordLayout {
  /** In bytes. */
  readonly size: number;
  /** Of each field, in bytes. */
  readonly offsets: Readonly<Record<string, number>>;
}

/** Little-endian, as every platform is that llama.cpp is built for. */
export class NativeRecord {
  readonly bytes: Uint8Array;
  readonly #view: DataView;
  readonly #offsets: RecordLayout['offsets'];

  /** Starts as a copy of `initial`, of its first bytes where that is longer. */
  constructor({size, offsets}: RecordLayout, initial: Uint8Array = new Uint8Array(size)) {
    this.bytes = new Uint8Array(size);
    this.bytes.set(initial.subarray(0, size));
    this.#view = new DataView(this.bytes.buffer);
    this.#offsets = offsets;
  }

  /** 32 bits, signed or not. */
  int(field: string, value: number): void {
    this.#view.setInt32(this.#at(field), value, true);
  }

  flag(field: string, value: boolean): void {
    this.#view.setUint8(this.#at(field), value ? 1 : 0);
  }

  pointer(field: string, address: bigint): void {
    this.#view.setBigUint64(this.#at(field), address, true);
  }

  /** @throws Error for a field that the layout does not have: it would be written over another. */
  #at(field: string): number {
    const offset = this.#offsets[field];
    if (offset === undefined) throw new Error(`the layout has no field ${field}`);
    return offset;
  }
}
