;; Computes for ever in its start section.
(module
  (memory (export "memory") 1)
  (func $first (loop $again (br $again)))
  (start $first)
  (func (export "_start")))
