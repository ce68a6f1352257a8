-- A payment goes to the bank in a group; one that is on its way without a group never reached the bank.
select id, number, state, amount from account_payment
 where state in ('processing', 'succeeded') and "group" is null
