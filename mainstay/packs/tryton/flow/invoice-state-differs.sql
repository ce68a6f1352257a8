-- "Paid" and "all its receivable or payable lines reconciled" are one and the same.
select invoice.id, invoice.number, invoice.state, count(*) filter (where line.reconciliation is null) as open_lines
  from account_invoice invoice
  join account_move_line line on line.move = invoice.move and line.account = invoice.account
 where invoice.state in ('posted', 'paid')
 group by invoice.id
having (invoice.state = 'paid') <> (count(*) filter (where line.reconciliation is null) = 0)
