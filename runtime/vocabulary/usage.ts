/** What one run cost; every outcome carries it, failed ones too. */
export interface Usage {
  /** Work units burnt; `null` where the guest's wasm is not metered. */
  readonly fuel: number | null;
  /** Wall clock from the start of the run to its end, ms, waiting in a queue not included. */
  readonly durationMs: number;
  /** CPU time of the thread or process the guest ran in, ms; `null` where the platform does not tell. */
  readonly cpuMs: number | null;
  /** Peak linear memory, bytes. */
  readonly memoryBytes: number;
  /** stdout + stderr + value, bytes. */
  readonly outputBytes: number;
  /** Calls per capability, refused ones included. */
  readonly hostCalls: Readonly<Record<string, number>>;
  /** Bytes that left through host functions. */
  readonly egressBytes: number;
  /** Bytes that came in through host functions. */
  readonly ingressBytes: number;
  /** Whether the cell was started for this run. */
  readonly coldStart: boolean;
}
