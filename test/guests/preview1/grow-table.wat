;; Grows a table until it is refused, and answers its size.
(module
  (memory (export "memory") 1)
  (table $t 1 funcref)
  (func (export "fill") (result i32)
    (loop $again (br_if $again (i32.ne (table.grow (ref.null func) (i32.const 100000)) (i32.const -1))))
    (table.size)))
