-- Living payments that add up to more than the line they pay.
select payment.line, count(*) as payments, sum(payment.amount) as paid, abs(line.debit - line.credit) as due,
       sum(payment.amount) - abs(line.debit - line.credit) as amount
  from account_payment payment
  join account_move_line line on line.id = payment.line
 where payment.state <> 'failed' and line.second_currency is null
 group by payment.line, line.debit, line.credit
having sum(payment.amount) > abs(line.debit - line.credit)
