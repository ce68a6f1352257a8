-- Sales that are under way, and those finished within the last day, each in the stage where it waits now.
with stage as (
    select sale.id, sale.number, sale.total_amount_cache as amount, sale.create_date,
           case when sale.state in ('quotation', 'confirmed') then sale.state
                when sale.state = 'done' then 'paid'
                when 'exception' in (sale.shipment_state, sale.invoice_state) then 'exception'
                when sale.shipment_state not in ('sent', 'none') then 'to ship'
                when sale.invoice_state in ('none', 'pending') then 'to invoice'
                else 'to pay' end as state
      from sale_sale sale
     where sale.state in ('quotation', 'confirmed', 'processing')
        or (sale.state = 'done' and sale.write_date > :now - interval '1 day')
)
select stage.number as case, stage.state, stage.amount,
       coalesce((select max(log.create_date) from ir_model_log log
                  where log.resource = 'sale.sale,' || stage.id and log.event = 'transition'),
                stage.create_date) as entered_at,
       (select account.login from ir_model_log log join res_user account on account.id = log."user"
         where log.resource = 'sale.sale,' || stage.id and log.event = 'transition'
         order by log.create_date desc limit 1) as actor
  from stage
