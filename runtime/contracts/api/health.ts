/** How a runtime is, at this moment. */
export interface RuntimeHealth {
  /** `unhealthy`: it takes no runs, because it is closed or no engine is there. */
  readonly status: 'healthy' | 'unhealthy';
  /** Milliseconds since the epoch. */
  readonly time: number;
  /** Names of the engines that there are. */
  readonly engines: readonly string[];
  /** Runs that go on or wait. */
  readonly runs: number;
  readonly cells: CellCounts;
  /**
   * Servers whose tools are among those here: none, all there or on their way, or one of them failed or held. It does not make a runtime
   * unhealthy.
   */
  readonly remote: 'disabled' | 'healthy' | 'degraded';
}

/** Workers and processes by what they do; zeros before the first run that needs one. */
export interface CellCounts {
  readonly starting: number;
  readonly idle: number;
  readonly busy: number;
}
