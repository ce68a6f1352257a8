-- A state that is not part of the flow.
select $(number) as number, $(state) as state, $(changed) as since, $(amount) as amount
from $(orders)
where $(state) is null
   or $(state) not in ('$(first)', '$(second)', '$(third)', '$(last)', '$(cancelled)')
