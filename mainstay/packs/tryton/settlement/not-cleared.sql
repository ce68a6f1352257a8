-- A payment that succeeded whose clearing move is missing, or still a draft long after the clearing job was due.
select payment.id, payment.number, payment.amount, move.state as clearing_state, move.date
  from account_payment payment
  join account_payment_journal journal on journal.id = payment.journal and journal.clearing_account is not null
  left join account_move move on move.id = payment.clearing_move
 where payment.state = 'succeeded'
   and (payment.clearing_move is null
     or (move.state = 'draft' and journal.clearing_posting_delay is not null
         and move.create_date < :now - journal.clearing_posting_delay - make_interval(hours => :clearing_hours)))
