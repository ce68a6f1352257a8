-- An error that the ERP noted and nobody solved.
select id, origin, message, create_date as entered from ir_error where state in ('open', 'processing')
