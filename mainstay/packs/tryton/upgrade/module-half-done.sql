-- A module on its way in or out: an upgrade that was not finished.
select name, state from ir_module where state not in ('activated', 'not activated')
