-- Debits and credits of a whole period. Follows from an unbalanced move, and shows where the books are off.
select period.id, period.name, sum(line.debit) as debit, sum(line.credit) as credit,
       abs(sum(line.debit - line.credit)) as amount
  from account_period period
  join account_move move on move.period = period.id
  join account_move_line line on line.move = move.id
 group by period.id
having sum(line.debit) <> sum(line.credit)
