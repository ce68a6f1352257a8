-- Posted, past its term and not paid.
select invoice.id, invoice.number, party.name as party, line.maturity_date as due, abs(line.debit - line.credit) as amount
  from account_invoice invoice
  join account_move_line line on line.move = invoice.move and line.account = invoice.account
  join party_party party on party.id = invoice.party
 where invoice.state = 'posted' and line.reconciliation is null
   and line.maturity_date < (:now)::date - :overdue_days
