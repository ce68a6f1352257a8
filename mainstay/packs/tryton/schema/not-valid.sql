-- An index or constraint that PostgreSQL does not rely on, or a trigger that somebody switched off.
select 'index' as kind, indexrelid::regclass::text as name from pg_index where not (indisvalid and indisready)
union all
select 'constraint', conname::text from pg_constraint where not convalidated
union all
select 'trigger switched off', tgname::text from pg_trigger where tgenabled = 'D'
