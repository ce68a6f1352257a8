-- What customers and suppliers owe, account by account: the ledger's balance against the open items of the parties.
select account.id, account.code, sum(line.debit - line.credit) as ledger,
       coalesce(sum(line.debit - line.credit) filter (where line.reconciliation is null), 0) as open_items,
       count(*) filter (where line.party is null) as lines_without_party
  from account_account account
  join account_account_type kind on kind.id = account.type and (kind.receivable or kind.payable)
  join account_move_line line on line.account = account.id
 group by account.id
having sum(line.debit - line.credit) filter (where line.reconciliation is not null) <> 0
    or count(*) filter (where line.party is null) > 0
