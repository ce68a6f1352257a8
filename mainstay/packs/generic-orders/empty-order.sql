-- An order that went on without anything being ordered.
select $(number) as number, $(state) as state, $(amount) as amount
from $(orders) parent
where $(state) not in ('$(first)', '$(cancelled)')
  and not exists (select 1 from $(lines) line where line.$(line_order) = parent.$(order_id))
