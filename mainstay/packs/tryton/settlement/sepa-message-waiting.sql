-- A SEPA group without its file, or with a file that nobody sent to the bank.
select grouped.id, grouped.number, message.id as message, message.state, grouped.create_date as entered
  from account_payment_group grouped
  join account_payment_journal journal on journal.id = grouped.journal and journal.process_method = 'sepa'
  left join account_payment_sepa_message message
    on message.origin = 'account.payment.group,' || grouped.id and message.state <> 'cancelled'
 where message.id is null
    or (message.state in ('draft', 'waiting') and message.create_date < :now - make_interval(hours => :message_hours))
