-- One person who can both enter supplier orders and approve payments.
select account.id, account.login, string_agg(role.name, ', ' order by role.name) as groups
  from res_user account
  join "res_user-res_group" membership on membership."user" = account.id
  join res_group role on role.id = membership."group"
 where account.active and account.login <> 'admin'
   and role.name in ('Purchase', 'Purchase Administrator', 'Payment Approval')
 group by account.id
having bool_or(role.name = 'Payment Approval') and bool_or(role.name <> 'Payment Approval')
