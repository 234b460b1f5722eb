;; Counts in memory, a global and a table, and answers the sum: 3 in a fresh instance.
(module
  (memory (export "memory") 1)
  (global $count (mut i32) (i32.const 0))
  (table 1 10 funcref)
  (func (export "mark") (result i32)
    (i32.store (i32.const 0) (i32.add (i32.load (i32.const 0)) (i32.const 1)))
    (global.set $count (i32.add (global.get $count) (i32.const 1)))
    (drop (table.grow (ref.null func) (i32.const 1)))
    (i32.add (i32.load (i32.const 0))
      (i32.add (global.get $count) (i32.sub (table.size) (i32.const 1))))))
