"""The line: the order of events on one page.

::

    probe ─► sample ─► state ─► incident ─► notice ─► delivery

1. The checker looks (``checker/``) and hands a batch of results here about once a second.
2. ``absorb`` judges them in memory and commits samples, standings, state changes, the incidents that follow from
   the changes, and the outbox rows of their notices, in ONE transaction: a kill leaves all of it or nothing.
3. The engine (``engine/``) leases a due delivery, sends it, records it; in this order, because losing a notice is
   worse than repeating it. Every message carries its delivery's key so that a copy is known as one.
"""
