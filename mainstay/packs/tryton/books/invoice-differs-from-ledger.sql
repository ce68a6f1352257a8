-- The total printed on a posted invoice against what its move wrote to the invoice's account.
with booked as (
    select invoice.id, invoice.number, invoice.type, invoice.total_amount_cache as document,
           coalesce((select sum(line.debit - line.credit)
                       from account_move_line line
                      where line.move = invoice.move and line.account = invoice.account), 0)
           * case invoice.type when 'in' then -1 else 1 end as ledger
      from account_invoice invoice
     where invoice.state in ('posted', 'paid')
)
select id, number, type, document, ledger, abs(document - ledger) as amount
  from booked
 where document is distinct from ledger
