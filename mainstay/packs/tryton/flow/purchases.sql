-- Purchases that are under way, and those finished within the last day.
with stage as (
    select purchase.id, purchase.number, purchase.total_amount_cache as amount, purchase.create_date,
           case when purchase.state in ('quotation', 'confirmed') then purchase.state
                when purchase.state = 'done' then 'paid'
                when 'exception' in (purchase.shipment_state, purchase.invoice_state) then 'exception'
                when purchase.shipment_state not in ('received', 'none') then 'to receive'
                when purchase.invoice_state in ('none', 'pending') then 'to invoice'
                else 'to pay' end as state
      from purchase_purchase purchase
     where purchase.state in ('quotation', 'confirmed', 'processing')
        or (purchase.state = 'done' and purchase.write_date > :now - interval '1 day')
)
select stage.number as case, stage.state, stage.amount,
       coalesce((select max(log.create_date) from ir_model_log log
                  where log.resource = 'purchase.purchase,' || stage.id and log.event = 'transition'),
                stage.create_date) as entered_at
  from stage
