-- Somebody who left the company and can still sign in.
select account.id, account.login, employee.end_date as left_on,
       (select max(log.create_date) from ir_model_log log where log."user" = account.id) as last_act,
       (select count(*) from ir_session session where session.create_uid = account.id) as sessions
  from res_user account
  join company_employee employee
    on employee.id = account.employee
    or employee.id in (select link.employee from "res_user-company_employee" link where link."user" = account.id)
 where account.active and employee.end_date < (:now)::date
