create role $(user) login password '…' connection limit 5;
alter role $(user) set default_transaction_read_only = on;
alter role $(user) set statement_timeout = '15s';
grant connect on database $(database) to $(user);
grant pg_monitor to $(user);
-- for checks on the business data:
grant usage on schema public to $(user);
grant select on all tables in schema public to $(user);
