-- A job that a module brought along and somebody switched off.
select job.id, job.method, job.write_date as changed
  from ir_cron job
  join ir_model_data origin on origin.model = 'ir.cron' and origin.db_id = job.id
 where not job.active
