-- A module that was active at hand-over and is so no longer. Without a list nothing is missing.
select wanted.name, coalesce(module.state, 'unknown') as state
  from unnest(string_to_array(:modules, ',')) as wanted (name)
  left join ir_module module on module.name = trim(wanted.name)
 where trim(wanted.name) <> '' and module.state is distinct from 'activated'
