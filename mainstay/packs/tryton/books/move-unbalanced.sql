-- A ledger move whose debits and credits differ, or a posted one without a line.
select move.id, move.number, move.state, sum(line.debit) as debit, sum(line.credit) as credit,
       abs(sum(line.debit - line.credit)) as amount
  from account_move move
  left join account_move_line line on line.move = move.id
 group by move.id
having coalesce(sum(line.debit - line.credit), 0) <> 0
    or (move.state = 'posted' and count(line.id) = 0)
