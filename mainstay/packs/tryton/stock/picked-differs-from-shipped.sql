-- What was carried to the output zone for a shipment is what left it.
with zone as (
    select shipment.id, shipment.number, move.product,
           coalesce(sum(move.internal_quantity) filter (where move.to_location = shipment.warehouse_output), 0) as picked,
           coalesce(sum(move.internal_quantity) filter (where move.from_location = shipment.warehouse_output), 0) as shipped
      from stock_shipment_out shipment
      join stock_move move on move.shipment = 'stock.shipment.out,' || shipment.id and move.state = 'done'
     where shipment.state = 'done' and shipment.warehouse_output <> shipment.warehouse_storage
     group by shipment.id, move.product
)
select * from zone where picked <> shipped
