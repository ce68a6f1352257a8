create user $(user)@'%' identified by '…' with max_user_connections 5;
grant process, replication client on *.* to $(user)@'%';
-- for checks on the business data:
grant select on $(database).* to $(user)@'%';
