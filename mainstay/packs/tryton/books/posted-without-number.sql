-- Posting gives a number; a posted document without one was not posted by the ERP.
select 'ledger move' as document, id, date from account_move where state = 'posted' and number is null
union all
select 'invoice', id, invoice_date from account_invoice
 where state in ('posted', 'paid') and (number is null or move is null)
