-- A payment that neither succeeded nor failed.
with since as (
    select payment.*, coalesce((select max(log.create_date) from ir_model_log log
                                 where log.resource = 'account.payment,' || payment.id
                                   and log.event = 'transition'), payment.create_date) as entered
      from account_payment payment
     where payment.state in ('draft', 'submitted', 'approved', 'processing')
)
select id, number, kind, state, entered, amount
  from since
 where entered < :now - make_interval(hours => :payment_hours)
