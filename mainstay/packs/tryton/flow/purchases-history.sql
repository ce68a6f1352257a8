-- Every step of the purchases that moved within the last day, those back included. That one was confirmed is not in the
-- ERP's log where it was processed at once.
select purchase.number as case, step.state, log.create_date as at
  from ir_model_log log
  join purchase_purchase purchase on log.resource = 'purchase.purchase,' || purchase.id
  join (values ('state:quotation', 'quotation'), ('state:confirmed', 'confirmed'), ('state:processing', 'to receive'),
               ('shipment_state:received', 'to invoice'), ('invoice_state:awaiting payment', 'to pay'),
               ('invoice_state:paid', 'paid')) as step (target, state) on step.target = log.target
 where log.event = 'transition' and purchase.write_date > :now - interval '1 day'
