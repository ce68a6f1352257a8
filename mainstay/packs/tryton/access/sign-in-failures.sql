-- Many failures of one account in a short time. The ERP forgets them after five minutes.
select login, ip_network, count(*) as failures, max(create_date) as last
  from res_user_login_attempt
 where create_date > :now - interval '5 minutes'
 group by login, ip_network having count(*) >= :failures
