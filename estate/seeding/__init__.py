"""Builds the seeded ERP database from nothing, through the ERP's own workflow.

Every file in this package runs inside Tryton (`trytond`, `proteus`; GPL-3.0-or-later) and therefore
belongs to that program's licence. It is run by hand to make `estate/seed/erp.dump`, never by the product.
"""
