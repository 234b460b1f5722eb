;; Catches all that can be caught, and goes on.
(module
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (func $count
    (i32.store (i32.const 32) (i32.add (i32.load (i32.const 32)) (i32.const 1))))
  (func (export "_start") (call $spin))
  (func $spin (export "spin")
    (loop $again
      (try (do (call $count)) (catch_all))
      (br $again)))
  (func (export "flood")
    (memory.fill (i32.const 64) (i32.const 120) (i32.const 100))
    (i32.store (i32.const 0) (i32.const 64))
    (i32.store (i32.const 4) (i32.const 100))
    (loop $again
      (try (do (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))) (catch_all))
      (br $again)))
  (func (export "exit")
    (loop $again
      (try (do (call $exit (i32.const 4))) (catch_all))
      (br $again)))
  (func (export "exit_and_return")
    (try (do (call $exit (i32.const 4))) (catch_all))))
