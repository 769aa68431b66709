"""Addresses of bills and payments."""

from django.urls import path

from billing.web import (
    arrears,
    books,
    cards,
    distributions,
    incentives,
    member_accounts,
    money,
    own_payments,
    vat,
    views,
)
from billing.web.annual import annual_page, annual_pdf
from billing.web.prices import prices_page
from billing.web.public import public_days
from billing.web.what_if import what_if_page

urlpatterns = [
    path("bills/", views.bills, name="bills"),
    path("bills/<uuid:public_id>/", views.bill, name="bill"),
    path("bills/<uuid:public_id>/pdf/", views.bill_pdf, name="bill-pdf"),
    path("bills/<uuid:public_id>/readings/", views.bill_readings, name="bill-readings"),
    path("years/<uuid:site_id>/<int:year>/", annual_page, name="annual"),
    path("years/<uuid:site_id>/<int:year>/pdf/", annual_pdf, name="annual-pdf"),
    path("payments/", own_payments.payments, name="payments"),
    path("payments/mandate/", own_payments.own_mandate, name="own-mandate"),
    path("money/", money.movements, name="money"),
    path("money/import/", money.import_file, name="money-import"),
    path("money/movements/<uuid:public_id>/", money.movement, name="money-movement"),
    path("money/orders/", money.orders, name="money-orders"),
    path("money/orders/<uuid:public_id>/", money.order, name="money-order"),
    path("money/orders/<uuid:public_id>/file/", money.order_file, name="money-order-file"),
    path("money/members/", member_accounts.member_accounts, name="money-members"),
    path("money/members/<uuid:public_id>/", member_accounts.member_account, name="money-member"),
    path("money/cards/", cards.cards, name="money-cards"),
    path("bills/<uuid:public_id>/card/", cards.pay_by_card, name="pay-by-card"),
    path("cards/back/<uuid:public_id>/", cards.card_back, name="card-back"),
    path("cards/webhook/", cards.card_webhook, name="card-webhook"),
    path("money/by-hand/", money.by_hand, name="money-by-hand"),
    path("money/sharing-out/", distributions.sharing_out, name="money-sharing-out"),
    path("money/sharing-out/<uuid:public_id>/", distributions.distribution, name="money-distribution"),
    path("money/incentives/", incentives.incentives, name="money-incentives"),
    path("incentives/", incentives.own_awards, name="own-incentives"),
    path("shared-out/", distributions.own_parts, name="shared-out"),
    path("shared-out/<uuid:public_id>/pdf/", distributions.part_pdf, name="shared-out-pdf"),
    path("books/", books.trial_balance_page, name="books"),
    path("books/accounts/<slug:code>/<slug:currency>/", books.sheet_page, name="books-sheet"),
    path("books/transactions/<uuid:public_id>/", books.transaction_page, name="books-transaction"),
    path("books/arrears/", arrears.arrears_page, name="books-arrears"),
    path("books/arrears/remind/", arrears.send_reminders, name="books-arrears-remind"),
    path("books/arrears/<uuid:public_id>/", arrears.member_arrears, name="books-member-arrears"),
    path("books/arrears/<uuid:public_id>/act/", arrears.act_on_member, name="books-member-act"),
    path("bills/open/", arrears.open_bills, name="open-bills"),
    path("bills/letters/<uuid:public_id>/", arrears.reminder_pdf, name="reminder-pdf"),
    path("books/vat/", vat.vat_page, name="books-vat"),
    path("books/vat/file/", vat.vat_file, name="books-vat-file"),
    path("books/months/", books.periods_page, name="books-periods"),
    path("books/months/close/", books.close_month, name="books-close"),
    path("books/months/reopen/", books.reopen_month, name="books-reopen"),
    path("books/journal/", books.journal_file, name="books-journal"),
    path("public/<slug:slug>/", public_days, name="public-days"),
    path("prices/", prices_page, name="prices"),
    path("tariffs/what-if/", what_if_page, name="what-if"),
]
