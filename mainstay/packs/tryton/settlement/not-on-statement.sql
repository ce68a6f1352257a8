-- Money that the ERP believes to have, and no bank statement shows.
select payment.id, payment.number, payment.kind, payment.date, payment.amount
  from account_payment payment
  join account_payment_journal journal on journal.id = payment.journal and journal.clearing_account is not null
 where payment.state = 'succeeded' and payment.clearing_reconciled is not true
   and payment.date < (:now)::date - :bank_days
