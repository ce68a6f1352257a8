-- A reconciliation must bring together at least two lines of one account that cancel out.
select match.id, match.number, count(line.id) as lines, count(distinct line.account) as accounts,
       coalesce(sum(line.debit - line.credit), 0) as amount
  from account_move_reconciliation match
  left join account_move_line line on line.reconciliation = match.id
 group by match.id
having count(line.id) < 2 or count(distinct line.account) > 1 or sum(line.debit - line.credit) <> 0
