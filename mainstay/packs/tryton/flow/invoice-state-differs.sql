-- "Paid" and "all its receivable or payable lines reconciled" are one and the same, but for the minutes that the ERP's
-- worker may take to note it.
select invoice.id, invoice.number, invoice.state, count(*) filter (where line.reconciliation is null) as open_lines
  from account_invoice invoice
  join account_move_line line on line.move = invoice.move and line.account = invoice.account
  left join account_move_reconciliation match on match.id = line.reconciliation
 where invoice.state in ('posted', 'paid')
 group by invoice.id
having (invoice.state = 'paid') <> (count(*) filter (where line.reconciliation is null) = 0)
   and coalesce(max(match.create_date), invoice.create_date) < :now - make_interval(mins => :queue_minutes)
