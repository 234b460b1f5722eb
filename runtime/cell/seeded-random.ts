/**
 * A repeatable stream of bytes for deterministic runs: the 32-bit generator of PCG-XSH-RR (O'Neill 2014), stream 54.
 * Never used where unpredictability matters.
 */
export function seededRandom(seed: number): (bytes: Uint8Array) => void {
  const MULTIPLIER = 6364136223846793005n;
  const INCREMENT = (54n << 1n) | 1n;
  let state = 0n;
  const next = (): number => {
    const old = state;
    state = BigInt.asUintN(64, old * MULTIPLIER + INCREMENT);
    const shifted = Number(BigInt.asUintN(32, ((old >> 18n) ^ old) >> 27n));
    const turn = Number(old >> 59n);
    return ((shifted >>> turn) | (shifted << (-turn & 31))) >>> 0;
  };
  next();
  state = BigInt.asUintN(64, state + BigInt(Math.trunc(seed)));
  next();
  return (bytes) => {
    for (let at = 0; at < bytes.length; at += 4) {
      const word = next();
      for (let byte = 0; byte < 4 && at + byte < bytes.length; byte++)
        bytes[at + byte] = (word >>> (8 * byte)) & 0xff;
    }
  };
}
