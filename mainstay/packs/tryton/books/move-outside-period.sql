-- A move dated outside the period that it is booked in.
select move.id, move.number, move.date, period.name as period, period.start_date, period.end_date
  from account_move move
  join account_period period on period.id = move.period
 where move.date < period.start_date or move.date > period.end_date
