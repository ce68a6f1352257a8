-- A number that more than one order carries.
select $(number) as number, count(*) as times, sum($(amount)) as amount
from $(orders)
group by $(number)
having count(*) > 1
