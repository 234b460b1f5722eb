;; Three ways to hit the machine.
(module
  (memory (export "memory") 1)
  (func (export "_start") (unreachable))
  (func (export "outside") (result i32) (i32.load (i32.const 0x7ffffff0)))
  (func (export "divide") (param i32) (result i32) (i32.div_s (i32.const 1) (local.get 0))))
