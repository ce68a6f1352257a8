-- Every step of the sales that moved within the last day, those back included.
select sale.number as case, step.state, log.create_date as at
  from ir_model_log log
  join sale_sale sale on log.resource = 'sale.sale,' || sale.id
  join (values ('state:quotation', 'quotation'), ('state:confirmed', 'confirmed'), ('state:processing', 'to ship'),
               ('shipment_state:sent', 'to invoice'), ('invoice_state:awaiting payment', 'to pay'),
               ('invoice_state:paid', 'paid')) as step (target, state) on step.target = log.target
 where log.event = 'transition' and sale.write_date > :now - interval '1 day'
