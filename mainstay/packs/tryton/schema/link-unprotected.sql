-- Every many-to-one field that is stored has a foreign key; where it is gone, the database lets orphans in.
select field.model, field.name as field, relation.relname as table
  from ir_model_field field
  join pg_class relation on relation.relname = replace(field.model, '.', '_')
   and relation.relkind = 'r' and relation.relnamespace = 'public'::regnamespace
  join pg_attribute attribute on attribute.attrelid = relation.oid and attribute.attname = field.name
   and not attribute.attisdropped
  join pg_class target on target.relname = replace(field.relation, '.', '_')
   and target.relkind = 'r' and target.relnamespace = 'public'::regnamespace
 where field.ttype = 'many2one' and field.name not in ('create_uid', 'write_uid')
   and not exists (select from pg_constraint link
                    where link.conrelid = relation.oid and link.contype = 'f'
                      and attribute.attnum = any (link.conkey))
