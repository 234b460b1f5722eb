/** One browser for all sessions: started with the first, forgotten when it ends by itself. */
export interface KeptBrowser<B> {
  get(): Promise<B>;
  end(close: (browser: B) => Promise<unknown>): Promise<void>;
}

export function keptBrowser<B>(
  start: () => Promise<B>,
  whenGone: (browser: B, forget: () => void) => unknown,
): KeptBrowser<B> {
  let running: Promise<B> | undefined;
  return {
    get() {
      if (running !== undefined) return running;
      const started = start();
      running = started;
      const forget = (): void => {
        if (running === started) running = undefined;
      };
      started.then((one) => whenGone(one, forget), forget);
      return started;
    },
    async end(close) {
      const one = running;
      running = undefined;
      const browser = await one?.catch(() => undefined); // one that never started is not there to be ended
      if (browser !== undefined) await close(browser);
    },
  };
}
