-- Work that no worker takes, or that one took and never finished.
select task.id, task.data ->> 'model' as model, task.data ->> 'method' as method, task.enqueued_at,
       case when task.dequeued_at is null then 'waiting' else 'running' end as state
  from ir_queue task
 where task.finished_at is null
   and ((task.dequeued_at is null
         and coalesce(task.scheduled_at, task.enqueued_at) < :now - make_interval(mins => :queue_minutes))
     or task.dequeued_at < :now - make_interval(mins => :run_minutes))
