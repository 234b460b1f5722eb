;; Grows its memory until it is refused: `_start` traps then, `cope` answers its pages.
(module
  (memory (export "memory") 1)
  (func $fill
    (loop $again (br_if $again (i32.ne (memory.grow (i32.const 16)) (i32.const -1)))))
  (func (export "cope") (result i32) (call $fill) (memory.size))
  (func (export "_start") (call $fill) (unreachable)))
