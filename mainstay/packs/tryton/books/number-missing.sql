-- Gapless sequences count what they hand out; fewer documents than numbers means that one was deleted.
with ledger as (
    select year.move_sequence as sequence, count(move.id) as present
      from account_fiscalyear year
      join account_period period on period.fiscalyear = year.id
      left join account_move move on move.period = period.id and move.number is not null
     group by year.move_sequence
), invoices as (
    select used.sequence, count(invoice.id) as present
      from (select out_invoice_sequence as sequence from account_fiscalyear_invoice_sequence
            union select in_invoice_sequence from account_fiscalyear_invoice_sequence) used
      left join account_invoice invoice on invoice.sequence = used.sequence and invoice.number is not null
     group by used.sequence
)
select 'ledger move' as document, strict.id as sequence, strict.number_next_internal - 1 as handed_out, ledger.present
  from ledger join ir_sequence_strict strict on strict.id = ledger.sequence
 where ledger.present <> strict.number_next_internal - 1
union all
select 'invoice', strict.id, strict.number_next_internal - 1, invoices.present
  from invoices join ir_sequence_strict strict on strict.id = invoices.sequence
 where invoices.present <> strict.number_next_internal - 1
