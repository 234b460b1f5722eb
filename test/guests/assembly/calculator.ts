// A library as people write it in AssemblyScript: no WASI, and failures through env.abort.
export function average(sum: f64, count: i32): f64 {
  assert(count > 0, 'count must be positive');
  return sum / count;
}

export function checksum(text: i64): i64 {
  let value: i64 = 17;
  for (let rest = text; rest > 0; rest /= 10) value = value * 31 + (rest % 10);
  return value;
}
