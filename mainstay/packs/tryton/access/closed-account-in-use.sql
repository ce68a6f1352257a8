-- An account that was closed in the database while its session or key lives on.
select account.id, account.login, 'session' as still_has
  from res_user account join ir_session session on session.create_uid = account.id where not account.active
union all
select account.id, account.login, 'application key'
  from res_user account join res_user_application key on key."user" = account.id and key.state = 'validated'
 where not account.active
