/** Compiled code in the shapes that metering finds hard or easy; every one exports `run()` and takes some ten milliseconds. */
export const FUEL_KERNELS: Readonly<Record<string, string>> = {
  fib: `(module (func $fib (param i32) (result i32)
      local.get 0 i32.const 2 i32.lt_u if (result i32) local.get 0 else
        local.get 0 i32.const 1 i32.sub call $fib local.get 0 i32.const 2 i32.sub call $fib i32.add end)
    (func (export "run") i32.const 29 call $fib drop))`,
  sieve: `(module (memory 32)
    (func (export "run") (local $i i32) (local $j i32)
      i32.const 0 i32.const 0 i32.const 2000000 memory.fill
      i32.const 2 local.set $i
      loop $outer
        local.get $i i32.load8_u i32.eqz if
          local.get $i i32.const 1 i32.shl local.set $j
          loop $inner
            local.get $j i32.const 2000000 i32.lt_u if
              local.get $j i32.const 1 i32.store8
              local.get $j local.get $i i32.add local.set $j
              br $inner
            end
          end
        end
        local.get $i i32.const 1 i32.add local.tee $i i32.const 1500 i32.lt_u br_if $outer
      end))`,
  matrix: `(module (memory 64)
    (func (export "run") (local $i i32) (local $j i32) (local $k i32) (local $sum f64)
      loop $rows
        i32.const 0 local.set $j
        loop $columns
          i32.const 0 local.set $k f64.const 0 local.set $sum
          loop $inner
            local.get $sum
            local.get $i i32.const 200 i32.mul local.get $k i32.add i32.const 3 i32.shl f64.load
            local.get $k i32.const 200 i32.mul local.get $j i32.add i32.const 3 i32.shl f64.load offset=320000
            f64.mul f64.add local.set $sum
            local.get $k i32.const 1 i32.add local.tee $k i32.const 200 i32.lt_u br_if $inner
          end
          local.get $i i32.const 200 i32.mul local.get $j i32.add i32.const 3 i32.shl
          local.get $sum f64.store offset=640000
          local.get $j i32.const 1 i32.add local.tee $j i32.const 200 i32.lt_u br_if $columns
        end
        local.get $i i32.const 1 i32.add local.tee $i i32.const 200 i32.lt_u br_if $rows
      end))`,
  dispatch: `(module (memory 1)
    (func (export "run") (local $pc i32) (local $n i32) (local $acc i32)
      i32.const 3000000 local.set $n
      loop $next
        block $b7 block $b6 block $b5 block $b4 block $b3 block $b2 block $b1 block $b0
          local.get $pc i32.const 7 i32.and
          br_table $b0 $b1 $b2 $b3 $b4 $b5 $b6 $b7
        end local.get $acc i32.const 1 i32.add local.set $acc br $b7
        end local.get $acc i32.const 3 i32.mul local.set $acc br $b7
        end local.get $acc i32.const 5 i32.xor local.set $acc br $b7
        end local.get $acc i32.const 1 i32.shr_u local.set $acc br $b7
        end local.get $acc i32.const 9 i32.add local.set $acc br $b7
        end local.get $acc i32.const 7 i32.rotl local.set $acc br $b7
        end local.get $acc i32.const 2 i32.sub local.set $acc
        end
        local.get $pc local.get $acc i32.add i32.const 1 i32.add local.set $pc
        local.get $n i32.const 1 i32.sub local.tee $n br_if $next
      end))`,
  hash: `(module (memory 16)
    (func $mix (param i32 i32) (result i32)
      local.get 0 local.get 1 i32.xor i32.const 16777619 i32.mul local.tee 0 local.get 0 i32.const 13 i32.shr_u i32.xor)
    (func (export "run") (local $i i32) (local $h i32)
      loop $again
        local.get $h local.get $i i32.load8_u call $mix local.set $h
        local.get $i local.get $h i32.store8
        local.get $i i32.const 1 i32.add i32.const 0xfffff i32.and local.tee $i br_if $again
      end))`,
  collatz: `(module
    (func (export "run") (local $n i64) (local $x i64) (local $steps i64)
      i64.const 1 local.set $n
      loop $each
        local.get $n local.set $x
        block $one
          loop $step
            local.get $x i64.const 2 i64.lt_u br_if $one
            local.get $x i64.const 1 i64.and i64.eqz if (result i64)
              local.get $x i64.const 1 i64.shr_u
            else local.get $x i64.const 3 i64.mul i64.const 1 i64.add end
            local.set $x
            local.get $steps i64.const 1 i64.add local.set $steps
            br $step
          end
        end
        local.get $n i64.const 1 i64.add local.tee $n i64.const 60000 i64.lt_u br_if $each
      end))`,
  indirect: `(module (type $op (func (param i32) (result i32))) (table funcref (elem $a $b $c $d))
    (func $a (type $op) local.get 0 i32.const 3 i32.mul)
    (func $b (type $op) local.get 0 i32.const 7 i32.xor)
    (func $c (type $op) local.get 0 i32.const 1 i32.rotl)
    (func $d (type $op) local.get 0 i32.const 11 i32.add)
    (func (export "run") (local $n i32) (local $x i32)
      i32.const 2000000 local.set $n
      loop $again
        local.get $x local.get $n i32.const 3 i32.and call_indirect (type $op) local.set $x
        local.get $n i32.const 1 i32.sub local.tee $n br_if $again
      end))`,
};

export const QUICKJS_PROGRAMS: Readonly<Record<string, string>> = {
  loop: 'let x = 0; for (let i = 0; i < 150000; i++) x = (x * 31 + i) % 1000003; String(x)',
  calls: '(function fib(n) { return n < 2 ? n : fib(n - 1) + fib(n - 2) })(20).toString()',
  objects: 'let o = {}; for (let i = 0; i < 8000; i++) o["k" + i] = { i }; Object.keys(o).length.toString()',
  sort: 'let a = []; for (let i = 0; i < 8000; i++) a.push((i * 7919) % 10007); a.sort((x, y) => x - y).length.toString()',
  text: 'let s = ""; for (let i = 0; i < 8000; i++) s += i; s.replace(/1./g, (m) => m + m).length.toString()',
  json: 'let j = JSON.stringify(Array.from({ length: 3000 }, (_, i) => ({ i, s: "x" + i }))); JSON.parse(j).length.toString()',
};
