-- A planned shipment that waits in one stage of the warehouse.
with since as (
    select shipment.*, coalesce((select max(log.create_date) from ir_model_log log
                                  where log.resource = 'stock.shipment.out,' || shipment.id
                                    and log.event = 'transition'), shipment.create_date) as entered
      from stock_shipment_out shipment
     where shipment.state in ('waiting', 'assigned', 'picked', 'packed', 'shipped')
)
select id, number, state, planned_date, entered
  from since
 where coalesce(planned_date, (:now)::date) <= (:now)::date
   and entered < :now - make_interval(hours => :stage_hours)
