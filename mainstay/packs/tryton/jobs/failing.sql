-- A job that raises leaves no log line, and its next call still moves on: the scheduler (user 0) wrote the job after
-- the last success was logged. On success both are written in one transaction.
with last as (
    select job.*, (select max(log.create_date) from ir_cron_log log where log.cron = job.id) as success
      from ir_cron job
     where job.active and job.write_uid = 0
)
select id, method, write_date as last_try, success as last_success, next_call
  from last
 where write_date > coalesce(success, '-infinity')
