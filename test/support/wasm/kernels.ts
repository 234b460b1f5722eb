/** Small programs with a shape of control flow each; every one exports `run(i32) -> i64` or `-> i32`. */
export const KERNELS: Readonly<Record<string, string>> = {
  recursion: `(module
    (func $fib (export "run") (param i32) (result i32)
      local.get 0 i32.const 2 i32.lt_u
      if (result i32) local.get 0
      else
        local.get 0 i32.const 1 i32.sub call $fib
        local.get 0 i32.const 2 i32.sub call $fib
        i32.add
      end))`,
  sieve: `(module (memory (export "memory") 1)
    (func (export "run") (param $n i32) (result i32) (local $i i32) (local $j i32) (local $count i32)
      i32.const 2 local.set $i
      block $done
        loop $outer
          local.get $i local.get $n i32.ge_u br_if $done
          local.get $i i32.load8_u i32.eqz
          if
            local.get $count i32.const 1 i32.add local.set $count
            local.get $i local.get $i i32.mul local.set $j
            block $clean
              loop $inner
                local.get $j local.get $n i32.ge_u br_if $clean
                local.get $j i32.const 1 i32.store8
                local.get $j local.get $i i32.add local.set $j
                br $inner
              end
            end
          end
          local.get $i i32.const 1 i32.add local.set $i
          br $outer
        end
      end
      local.get $count))`,
  dispatch: `(module
    (func (export "run") (param $n i32) (result i32) (local $acc i32)
      loop $next
        block $default block $three block $two block $one
          local.get $n i32.const 4 i32.rem_u
          br_table $one $two $three $default
        end
          local.get $acc i32.const 3 i32.add local.set $acc
          br $default
        end
          local.get $acc i32.const 5 i32.mul local.set $acc
          br $default
        end
          nop
        end
        local.get $n i32.const 1 i32.sub local.tee $n
        br_if $next
      end
      local.get $acc))`,
  bulk: `(module (memory (export "memory") 2)
    (func (export "run") (param $n i32) (result i32)
      i32.const 0 i32.const 7 local.get $n memory.fill
      i32.const 20000 i32.const 3 local.get $n memory.copy
      i32.const 20001 i32.load8_u))`,
  indirect: `(module
    (type $op (func (param i32) (result i32)))
    (table funcref (elem $double $next))
    (func $double (type $op) local.get 0 i32.const 2 i32.mul)
    (func $next (type $op) local.get 0 i32.const 1 i32.add)
    (func (export "run") (param $n i32) (result i32) (local $acc i32)
      loop $again
        local.get $acc
        local.get $n i32.const 1 i32.and
        call_indirect (type $op)
        local.set $acc
        local.get $n i32.const 1 i32.sub local.tee $n
        br_if $again
      end
      local.get $acc))`,
  early: `(module
    (func $find (param $n i32) (result i32) (local $i i32)
      loop $again
        local.get $i local.get $n i32.gt_u
        if local.get $i return end
        local.get $i i32.const 3 i32.add local.set $i
        local.get $i i32.const 1000 i32.lt_u br_if $again
      end
      local.get $i
      local.get $i i32.const 7 i32.and
      br_if 0
      drop i32.const -1)
    (func (export "run") (param i32) (result i32)
      local.get 0 call $find
      local.get 0 i32.const 2000 i32.add call $find
      i32.xor))`,
  floats: `(module (memory 1)
    (func (export "run") (param $n i32) (result i64) (local $x f64) (local $i i32)
      f64.const 1 local.set $x
      loop $again
        local.get $x f64.const 1.0000001 f64.mul local.get $i f64.convert_i32_s f64.add local.set $x
        local.get $i i32.const 1 i32.add local.tee $i
        local.get $n i32.lt_u br_if $again
      end
      local.get $x i64.trunc_sat_f64_s))`,
  leaf: `(module (global $g (mut i32) (i32.const 1))
    (func $step (param i32) (result i32) local.get 0 i32.const 31 i32.mul global.get $g i32.xor)
    (func (export "run") (param $n i32) (result i32) (local $x i32)
      loop $again
        local.get $x call $step local.set $x
        local.get $n i32.const 1 i32.sub local.tee $n
        br_if $again
      end
      local.get $x global.set $g
      local.get $x))`,
  growth: `(module (memory (export "memory") 1)
    (func (export "run") (param $n i32) (result i32) (local $ok i32)
      loop $again
        i32.const 1 memory.grow i32.const -1 i32.ne
        local.get $ok i32.add local.set $ok
        local.get $n i32.const 1 i32.sub local.tee $n
        br_if $again
      end
      local.get $ok))`,
  joins: `(module
    (func (export "run") (param $n i32) (result i32) (local $acc i32)
      loop $again
        block $early
          local.get $n i32.const 3 i32.rem_u i32.eqz br_if $early
          local.get $n i32.const 1 i32.and
          if
            local.get $acc i32.const 5 i32.add local.set $acc
            local.get $n i32.const 7 i32.and if local.get $acc i32.const 1 i32.add local.set $acc end
          else
            local.get $acc i32.const 3 i32.mul local.set $acc
            block local.get $n i32.const 4 i32.gt_u br_if 0 local.get $acc i32.const 9 i32.xor local.set $acc end
            local.get $acc i32.const 11 i32.add local.set $acc
          end
          local.get $acc i32.const 2 i32.add local.set $acc
        end
        local.get $acc i32.const 17 i32.rem_u local.set $acc
        local.get $n i32.const 1 i32.sub local.tee $n br_if $again
      end
      local.get $acc))`,
  'joins behind calls': `(module
    (func $odd (param i32) (result i32) local.get 0 i32.const 1 i32.and)
    (func (export "run") (param $n i32) (result i32) (local $acc i32)
      local.get $n call $odd
      if (result i32) i32.const 1 i32.const 2 i32.add else local.get $n call $odd end
      block $out
        local.get $n call $odd br_if $out
        local.get $n i32.const 3 i32.lt_u if local.get $n return end
        local.get $n i32.const 5 i32.sub local.set $acc
      end
      local.get $acc i32.add i32.const 6 i32.mul))`,
  'ways out of a loop': `(module
    (func (export "run") (param $n i32) (result i32) (local $i i32) (local $turn i32)
      block $c (result i32)
        block $b
          block $a
            loop $outer
              local.get $turn i32.const 1 i32.add local.set $turn
              block $inside
                loop $inner
                  block $skip
                    block $none
                      local.get $i i32.const 1 i32.add local.tee $i i32.const 6 i32.rem_u
                      br_table $none $skip $inner $inside $outer $a $b
                    end
                    local.get $i i32.const 3 i32.mul
                    local.get $i local.get $n i32.gt_u br_if $c
                    drop
                  end
                  local.get $i i32.const 40 i32.lt_u br_if $inner
                end
                local.get $i return
              end
              local.get $turn local.get $n i32.lt_u br_if $outer
            end
          end
          i32.const 1000 local.get $i i32.add local.get $turn br_if 1
          drop
        end
        local.get $i i32.const 2000 i32.add
      end))`,
  'a loop with parameters': `(module
    (func (export "run") (param $n i32) (result i32)
      i32.const 7 local.get $n
      loop $again (param i32 i32) (result i32)
        i32.const 1 i32.sub local.set $n
        i32.const 3 i32.mul i32.const 1 i32.add local.get $n
        local.get $n br_if $again
        i32.add
      end))`,
  'loops that never turn': `(module
    (func (export "run") (param $n i32) (result i32)
      block $out
        loop $once br $out local.get $n br_if $once br $out end
      end
      loop (result i32) local.get $n end
      drop
      loop $dead (result i32) local.get $n i32.const 2 i32.mul br 1 i32.const 1 br 1 end))`,
};
