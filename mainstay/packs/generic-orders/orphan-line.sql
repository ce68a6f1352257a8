-- A line whose order does not exist.
select line.$(line_id) as line, line.$(line_order) as missing_order
from $(lines) line
left join $(orders) parent on parent.$(order_id) = line.$(line_order)
where parent.$(order_id) is null
