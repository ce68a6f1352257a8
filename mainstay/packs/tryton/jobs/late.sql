-- A job that is past due by more than its grace: the scheduler does not run.
select job.id, job.method, job.next_call,
       (select max(log.ended) from ir_cron_log log where log.cron = job.id) as last_success
  from ir_cron job
 where job.active
   and coalesce(job.next_call, job.create_date + job.interval_number * ('1 ' || job.interval_type)::interval)
       < :now - make_interval(mins => :job_minutes)
