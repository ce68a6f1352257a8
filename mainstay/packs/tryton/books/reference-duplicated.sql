-- One number or one outside reference on two documents: paid, shipped or booked twice sooner or later.
select 'ledger move number' as what, move.number as reference, count(*) as times, min(move.id) as first
  from account_move move join account_period period on period.id = move.period
 where move.number is not null
 group by move.company, period.fiscalyear, move.number having count(*) > 1
union all
select 'invoice number', number, count(*), min(id) from account_invoice
 where number is not null group by company, type, sequence, number having count(*) > 1
union all
select 'supplier invoice reference', reference, count(*), min(id) from account_invoice
 where type = 'in' and reference is not null and state <> 'cancelled'
 group by party, reference having count(*) > 1
union all
select 'sale number', number, count(*), min(id) from sale_sale
 where number is not null group by company, number having count(*) > 1
union all
select 'customer order reference', reference, count(*), min(id) from sale_sale
 where reference is not null and state <> 'cancelled'
 group by party, reference, sale_date having count(*) > 1
union all
select 'payment number', number, count(*), min(id) from account_payment
 group by company, number having count(*) > 1
