-- A bank statement begins where the one before it ended, and its lines explain its balance.
with chain as (
    select statement.id, statement.name, statement.state, statement.start_balance, statement.end_balance,
           lag(statement.end_balance) over (partition by statement.journal order by statement.date, statement.id)
               as end_before,
           coalesce((select sum(line.amount) from account_statement_line line
                      where line.statement = statement.id), 0) as lines
      from account_statement statement
     where statement.state <> 'cancelled'
)
select * from chain
 where end_before <> start_balance
    or (state <> 'draft' and end_balance - start_balance <> lines)
