-- Orders that still have a way to go; those done are not read, so that a large table stays cheap with an index on the state.
select $(number) as "case", $(state) as state, $(changed) as entered_at, $(amount) as amount
from $(orders)
where $(state) in ('$(first)', '$(second)', '$(third)')
