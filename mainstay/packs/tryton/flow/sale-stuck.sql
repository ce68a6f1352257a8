-- A sale that stayed in one state longer than it may, or that the ERP itself put in exception. The age of a state is
-- taken from the event log: write_date moves with every edit.
with since as (
    select sale.*, coalesce((select max(log.create_date) from ir_model_log log
                              where log.resource = 'sale.sale,' || sale.id and log.event = 'transition'
                                and log.target like 'state:%'), sale.create_date) as entered
      from sale_sale sale
     where sale.state in ('quotation', 'confirmed', 'processing')
)
select id, number, state, shipment_state, invoice_state, entered, total_amount_cache as amount
  from since
 where (state = 'confirmed' and entered < :now - make_interval(hours => :confirmed_hours))
    or (state = 'processing' and shipment_state in ('none', 'waiting') and shipment_method <> 'manual'
        and entered < :now - make_interval(hours => :ship_hours))
    or (state = 'quotation' and entered < :now - make_interval(hours => :quotation_hours))
    or 'exception' in (shipment_state, invoice_state)
