;; Begins with a table of four hundred million elements.
(module (memory (export "memory") 1) (table 400000000 funcref) (func (export "_start")))
