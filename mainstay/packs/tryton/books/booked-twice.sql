-- An invoice or a payment writes one move. Moves that cancel another are linked elsewhere and do not count.
select move.origin, count(*) as times, min(move.id) as first, max(move.id) as last
  from account_move move
 where (move.origin like 'account.invoice,%' or move.origin like 'account.payment,%')
   and not exists (select from account_invoice invoice where invoice.cancel_move = move.id)
   and not exists (select from "account_invoice-additional-account_move" extra where extra.move = move.id)
 group by move.origin having count(*) > 1
