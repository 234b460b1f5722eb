;; A library that must be initialised first.
(module
  (memory (export "memory") 1)
  (global $ready (mut i32) (i32.const 0))
  (func (export "_initialize") (global.set $ready (i32.add (global.get $ready) (i32.const 41))))
  (func (export "ready") (param i32) (result i32) (i32.add (global.get $ready) (local.get 0))))
